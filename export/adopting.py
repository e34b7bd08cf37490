"""Two Keras models that were trained elsewhere to a codec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aecodec.codec import Codec
from aecodec.errors import ModelError
from aecodec.training.autoencoder import Autoencoder
from aecodec.training.data import Tiles, open_pictures, split_off

_HELD_OUT = 0.1
_MOST_FITTED = 60_000
_MOST_HELD_OUT = 2_000


def codec_of_pair(
    encoder: Any,
    decoder: Any,
    data: str | Path,
    folder: Path,
    *,
    name: str,
    tile: int = 64,
    levels: int = 3,
    priors: int = 64,
    context_units: int = 256,
) -> Codec:
    """A codec of a trained encoder and decoder.

    Args:
        encoder: a Keras model, images in 0..1 to latents.
        decoder: a Keras model, latents to images.
        data: pictures to calibrate and fit on, as in
            :func:`~aecodec.training.data.open_pictures`; a tenth of them is measured.
        folder: where the codec goes.
        name: its name.
        tile: side of the crops that models which take any size are calibrated on.
        levels: how many.
        priors: P, how many distributions compete.
        context_units: of the network that refines them; 0 for none.

    Raises:
        ImageError: there are no pictures.
        ModelError: the models do not fit each other, or cannot be quantized.
    """
    autoencoder = Autoencoder(encoder, decoder)
    if len(autoencoder.image_shape) not in (2, 3):
        raise ModelError(f"the encoder takes {autoencoder.image_shape}: not pictures")
    height, width, channels = (*autoencoder.image_shape, 1)[:3]
    sides = (height or tile, width or tile)
    vectors = autoencoder.vectors_of((*sides, channels))
    pictures = open_pictures(data)
    fitted, measured = split_off(pictures, _HELD_OUT)
    return autoencoder.to_codec(
        folder,
        Tiles(pictures, sides, channels, only=fitted).sample(_MOST_FITTED // vectors),
        name,
        Tiles(pictures, sides, channels, only=measured).whole(_MOST_HELD_OUT),
        levels=levels,
        priors=priors,
        context_units=context_units,
    )
