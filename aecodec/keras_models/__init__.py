"""Keras models: layers, functional form, files and roles of layers."""

import os

from aecodec.base.errors import AecodecError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow is first imported

import keras

if keras.config.backend() != "tensorflow":
    raise AecodecError(
        f"aecodec needs Keras with TensorFlow, but the backend is {keras.config.backend()}: set "
        "KERAS_BACKEND=tensorflow, which also opens .keras files from other backends"
    )
