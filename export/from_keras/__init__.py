"""Codecs from Keras models that were trained elsewhere."""
