"""A pair of Keras models before and after a short training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

Models = tuple[Any, Any]
"""An encoder and a decoder."""

Images = npt.NDArray[np.float32]

_BATCH = 64
_LEARNING_RATE = 3e-3


def from_unit(images: Images) -> Images:
    """Images in 0..1 as the pair takes them: unchanged."""
    return images


def mean_squared_error(true: Any, found: Any) -> Any:
    """The loss of pairs with any ending."""
    return keras.ops.mean(keras.ops.square(true - found))


def cross_entropy(true: Any, found: Any) -> Any:
    """The loss of Keras's tutorials, for pairs that end in a sigmoid."""
    return keras.ops.mean(keras.losses.binary_crossentropy(true, found))


@dataclass(frozen=True)
class KerasFamily:
    """A kind of pair that users bring.

    Attributes:
        title: what is particular about it.
        build: makes the two models, untrained.
        to_input: images (N, 28, 28, 1) in 0..1 to what the encoder takes.
        to_target: the same to what the decoder is trained to give.
        to_unit: what the decoder gives, to images in 0..1 of the shape (N, 28, 28, 1).
        loss: compares targets with outputs of the decoder.
        latents_of: what of the encoder's output the decoder takes, in training.
        options: options that `aecodec export` needs for it.
    """

    title: str
    build: Callable[[], Models]
    to_input: Callable[[Images], Images] = from_unit
    to_target: Callable[[Images], Images] = from_unit
    to_unit: Callable[[Images], Images] = from_unit
    loss: Callable[[Any, Any], Any] = mean_squared_error
    latents_of: Callable[[Any], Any] = lambda outputs: outputs
    options: tuple[str, ...] = field(default=())

    def trained(self, images: Images, epochs: int) -> Models:
        """The two models, trained on images (N, 28, 28, 1) in 0..1."""
        keras.utils.set_random_seed(0)
        encoder, decoder = self.build()
        inputs = keras.Input(self.to_input(images[:1]).shape[1:])
        joint = keras.Model(inputs, decoder(self.latents_of(encoder(inputs))))
        joint.compile(keras.optimizers.Adam(_LEARNING_RATE), self.loss)
        joint.fit(
            self.to_input(images),
            self.to_target(images),
            batch_size=_BATCH,
            epochs=epochs,
            verbose=0,
        )
        return encoder, decoder

    def reconstructed(self, models: Models, images: Images) -> Images:
        """What the float pair makes of images (N, 28, 28, 1) in 0..1, in the same form."""
        encoder, decoder = models
        latents = encoder.predict(self.to_input(images), verbose=0)
        first = latents[0] if isinstance(latents, list | tuple) else latents
        return self.to_unit(decoder.predict(first, verbose=0)).reshape(images.shape).clip(0, 1)
