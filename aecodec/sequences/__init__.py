"""Files as sequences of pictures, and of codes, in which any one is found at once."""
