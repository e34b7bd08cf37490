"""Ready-made encoders and decoders, and the initialization of their weights."""
