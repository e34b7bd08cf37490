"""Files as sequences of pictures or codes, with fast access to any of them."""
