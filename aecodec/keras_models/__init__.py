"""Keras models: layers, functional form, files, roles of layers, and the int8 grid of kernels."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow is first imported
