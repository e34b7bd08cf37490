"""A codec of two Keras models that were trained elsewhere."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

from aecodec.codec.codec import Codec
from aecodec.datasets.tiles import Tiles
from aecodec.datasets.training_pictures import Pictures, hold_out, open_pictures
from aecodec.errors import ModelError
from aecodec.export.codec_folder import export_codec
from aecodec.export.from_keras.adapt import adopt
from aecodec.export.from_keras.hints import Wishes
from aecodec.export.image_shape import Shape
from aecodec.export.step_allocation import in_steps, shared_steps
from aecodec.export.tflite.diagnose import check_pair_convertible

_TRIED = 64
"""Pictures on which the pixel ranges of a pair are tried out."""

_HELD_OUT_SHARE = 0.1
_MAX_FITTED_VECTORS = 20_000
"""Three times as many make files 2 % smaller, and fitting takes three times as long."""

_CONTEXT_EPOCHS = 10
_MAX_HELD_OUT = 2_000


def codec_from_keras(
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
    wishes: Wishes | None = None,
    replace: bool = True,
) -> Codec:
    """Make a codec of a trained encoder and decoder.

    Args:
        encoder: Keras model from images to latents; :func:`aecodec.export.from_keras.adapt.adopt`
            says which.
        decoder: Keras model from latents to images.
        data: pictures on which the models are calibrated and the priors fitted, as for
            :func:`aecodec.datasets.training_pictures.open_pictures`; a tenth of them is held out,
            and the codec is measured on these.
        folder: where the codec is written; made if it does not exist.
        name: name of the codec.
        tile: side in pixels of the crops on which models that take any size are calibrated.
        levels: number of quality levels.
        priors: P, the number of competing distributions.
        context_units: hidden units of the context network; 0 for no context network.
        wishes: what the models do not say: the shape of flat vectors, the range of pixels.
        replace: replace a codec that the folder holds already.

    Raises:
        UsageError: the folder holds a codec, and it is not to be replaced.
        AecodecError: the folder cannot be written.
        ImageError: there are no pictures.
        ModelError: the models do not fit each other, do not take pictures, draw random numbers, or
            cannot be converted to int8 TFLite.
    """
    tiles = partial(_tiles, open_pictures(data), tile)
    pair = adopt(encoder, decoder, lambda shape: tiles(shape)[0].whole(_TRIED), wishes)
    check_pair_convertible(pair)
    calibration, held_out = tiles(pair.image_shape)
    vectors = pair.vectors_of(calibration.shape)
    images = pair.checked(calibration.sample(_MAX_FITTED_VECTORS // vectors))
    steps, quality_levels = shared_steps(pair, images, levels)
    return Codec(
        export_codec(
            *in_steps(pair, steps),
            folder,
            name=name,
            levels=quality_levels,
            images=images,
            held_out=pair.checked(held_out.whole(_MAX_HELD_OUT)),
            priors=priors,
            context_units=context_units,
            context_epochs=_CONTEXT_EPOCHS,
            replace=replace,
        )
    )


def _tiles(pictures: Pictures, tile: int, shape: Shape) -> tuple[Tiles, Tiles]:
    """Tiles to calibrate and fit on, and held-out tiles to measure on."""
    height, width, channels = (*shape, 1)[:3]
    sides = (height or tile, width or tile)
    first = pictures.sizes[0]
    _check_sides(sides, (int(first[0]), int(first[1])))
    fitted, held_out = hold_out(pictures, _HELD_OUT_SHARE)
    return (
        Tiles(pictures, sides, channels or 1, only=fitted),
        Tiles(pictures, sides, channels or 1, only=held_out),
    )


def _check_sides(sides: tuple[int, int], first: tuple[int, int]) -> None:
    """Check that an encoder's input is not a picture's values in rows of another width."""
    if sides != first and math.prod(sides) == math.prod(first):
        raise ModelError(
            f"the encoder takes {sides[1]}x{sides[0]} and the pictures are {first[1]}x{first[0]}: "
            f"if it takes their values, --image-shape {first[1]}x{first[0]} says so"
        )
