"""Parts that the pairs are built of: encoders and decoders that differ in one thing."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

LATENTS = 32


def convolutional_encoder(*after: Any, latents: int = LATENTS) -> Any:
    """Two strided convolutions, each followed by the given layers, and a dense one."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, strides=2, padding="same"),
            *(make() for make in after),
            layers.Conv2D(32, 3, strides=2, padding="same"),
            *(make() for make in after),
            layers.Flatten(),
            layers.Dense(latents),
        ]
    )


def convolutional_decoder(
    *after: Any, ending: Any = None, channels: int = 1, latents: int = LATENTS
) -> Any:
    """A dense layer and two transposed convolutions, followed by the given layers.

    Args:
        after: make the layers after each hidden one.
        ending: activation of the last layer, or a layer after it.
        channels: channels of the last layer.
        latents: channels of the latents.
    """
    activation = ending if isinstance(ending, str) else None
    return keras.Sequential(
        [
            keras.Input((latents,)),
            layers.Dense(7 * 7 * 32),
            *(make() for make in after),
            layers.Reshape((7, 7, 32)),
            layers.Conv2DTranspose(24, 3, strides=2, padding="same"),
            *(make() for make in after),
            layers.Conv2DTranspose(16, 3, strides=2, padding="same"),
            *(make() for make in after),
            layers.Conv2D(channels, 3, padding="same", activation=activation),
            *([ending] if ending is not None and activation is None else []),
        ]
    )


def relu() -> Any:
    """The layer that most pairs have after each hidden one."""
    return layers.ReLU()


def activation(name: str) -> Any:
    """Makes activation layers of one name."""
    return lambda: layers.Activation(name)


def ending_in(ending: Any, channels: int = 1) -> Any:
    """Makes a pair whose decoder has this ending."""
    return lambda: (
        convolutional_encoder(relu),
        convolutional_decoder(relu, ending=ending, channels=channels),
    )


def with_layers(*after: Any) -> Any:
    """Makes a pair with these layers after each hidden one, in both halves."""
    return lambda: (
        convolutional_encoder(*after),
        convolutional_decoder(*after, ending="sigmoid"),
    )
