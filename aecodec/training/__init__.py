"""Training autoencoders with Keras, and converting them to codecs.

>>> from aecodec.training import Autoencoder, mnist_decoder, mnist_encoder
>>> autoencoder = Autoencoder(mnist_encoder((28, 28), (50,)), mnist_decoder((50,), (28, 28)))
"""

from aecodec.keras_models.model_files import load_model
from aecodec.prior_fitting.fitting import PriorOptions
from aecodec.training.autoencoder import Autoencoder
from aecodec.training.losses import TrainingOptions
from aecodec.training.tile_networks import mnist_decoder, mnist_encoder

__all__ = [
    "Autoencoder",
    "PriorOptions",
    "TrainingOptions",
    "load_model",
    "mnist_decoder",
    "mnist_encoder",
]
