"""The losses that training minimizes: distortion, or distortion and the bits that codes take."""
