"""Built-in codecs, training recipes and sample pictures."""
