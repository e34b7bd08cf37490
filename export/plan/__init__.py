"""Network plans: in the making, as the bytes that C reads, and the memory that they take."""
