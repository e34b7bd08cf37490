"""The networks of a codec in other formats, and how far each is from the float models."""
