"""Image files and Pillow images: reading them as pictures, and writing pictures as files."""
