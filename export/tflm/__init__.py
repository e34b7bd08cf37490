"""TensorFlow Lite Micro: whether it runs a model, and in how much memory."""
