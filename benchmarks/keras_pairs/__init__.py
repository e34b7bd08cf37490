"""Keras pairs as people write them, in 24 families: what the exporter must take as it is."""
