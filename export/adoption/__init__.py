"""Keras models as people trained them, brought to the form of a pair that becomes a codec."""
