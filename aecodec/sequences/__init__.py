"""Files as sequences of pictures, with fast access to any of them."""
