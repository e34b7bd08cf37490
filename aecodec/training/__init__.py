"""Training autoencoders with Keras, and making codecs of them.

>>> from aecodec.training import Autoencoder, mnist_decoder, mnist_encoder
>>> autoencoder = Autoencoder(mnist_encoder((28, 28), (50,)), mnist_decoder((50,), (28, 28)))
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow is first imported

from aecodec.training.autoencoder import Autoencoder
from aecodec.training.layers import load_model
from aecodec.training.networks import mnist_decoder, mnist_encoder

__all__ = ["Autoencoder", "load_model", "mnist_decoder", "mnist_encoder"]
