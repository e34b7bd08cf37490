"""A codec from two Keras models that were trained elsewhere."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

from aecodec.base.arrays import Float32
from aecodec.base.errors import ModelError
from aecodec.codec.codec import Codec
from aecodec.codec_files.folder import check_target
from aecodec.datasets.pictures import Pictures, hold_out, open_pictures
from aecodec.datasets.tiles import Tiles
from aecodec.export.adapt import adapt_models
from aecodec.export.codec_folder import export_codec
from aecodec.export.held_out import PixelCoding, check_restores
from aecodec.export.image_shape import Shape
from aecodec.export.model_hints import ModelHints
from aecodec.export.step_allocation import in_steps, separate_steps, shared_steps
from aecodec.export.tflite.conversion import check_pair_convertible
from aecodec.keras_models.codes import code_layer
from aecodec.prior_fitting.fitting import PriorOptions

_TRIED, _LEAST_TRIED, _TRIED_VALUES = 64, 8, 1 << 21
"""Maximum and minimum of tiles for the trial of conventions, and an approximate limit of values."""

_MOST_LOST = 1.0
"""Largest loss of the codec against the float pair in dB."""

_HELD_OUT_SHARE = 0.1
_MAX_FITTED_VECTORS = 20_000
"""Three times as many vectors make files 2 % smaller, but fitting takes three times as long."""

_MAX_HELD_OUT = 2_000

PRIORS, _NO_HINTS = PriorOptions(64, 256, context_epochs=10), ModelHints()


def codec_from_keras(
    models: tuple[Any, Any],
    data: str | Path,
    folder: Path,
    *,
    name: str,
    levels: int = 3,
    priors: PriorOptions = PRIORS,
    hints: ModelHints = _NO_HINTS,
    replace: bool = False,
) -> Codec:
    """Make a codec from a trained encoder and decoder.

    Args:
        models: Keras models from images to latents and back, as for
            :func:`aecodec.export.adapt.adapt_models`.
        data: pictures for calibration and for fitting the priors, as for
            :func:`aecodec.datasets.pictures.open_pictures`. A tenth of them is held out.
        folder: output folder; created if it does not exist.
        name: name of the codec.
        levels: number of quality levels; encoders that return codes have a single level.
        priors: options for fitting the priors.
        hints: properties that the models do not state, and whether to write a bad codec.
        replace: replace an existing codec in the folder.

    Raises:
        UsageError: the folder contains a codec, and `replace` is False.
        AecodecError: the folder cannot be written.
        ImageError: there are no pictures.
        ModelError: the models do not fit each other, do not accept pictures, draw random numbers,
            or cannot be converted to int8 TFLite; or, unless forced, the models do not restore the
            pictures, or the codec loses more than 1 dB against the models.
    """
    check_target(folder, name, replace=replace)
    tiles = partial(_tiles, open_pictures(data), hints.tile)
    pair = adapt_models(*models, lambda shape: _tried(tiles(shape)[0]), hints)
    check_pair_convertible(pair)
    calibration, held_out = tiles(pair.image_shape)
    vectors = pair.vectors_of(calibration.shape)
    images = pair.checked(calibration.sample(_MAX_FITTED_VECTORS // vectors))
    if not hints.force:
        check_restores(pair.models, images[:_TRIED])
    steps, quality_levels = (
        separate_steps([pair.code_dimension])
        if code_layer(pair.encoder)
        else shared_steps(pair, images, levels)
    )
    return Codec(
        export_codec(
            in_steps(pair, steps),
            folder,
            name=name,
            levels=quality_levels,
            images=images,
            held_out=PixelCoding(
                map(pair.checked, held_out.to_measure(pair.image_shape, _MAX_HELD_OUT)),
                most_lost=math.inf if hints.force else _MOST_LOST,
            ),
            priors=priors,
            replace=replace,
        )
    )


def _tried(tiles: Tiles) -> Float32:
    return tiles.sample(max(_LEAST_TRIED, min(_TRIED, _TRIED_VALUES // math.prod(tiles.shape))))


def _tiles(pictures: Pictures, tile: int, shape: Shape) -> tuple[Tiles, Tiles]:
    height, width, channels = (*shape, 1)[:3]
    sides = (height or tile, width or tile)
    rows, columns = pictures.sizes[0]
    _check_sides(sides, (int(rows), int(columns)))
    fitted, held_out = hold_out(pictures, _HELD_OUT_SHARE)
    return (
        Tiles(pictures, sides, channels or 1, only=fitted),
        Tiles(pictures, sides, channels or 1, only=held_out),
    )


def _check_sides(sides: tuple[int, int], picture: tuple[int, int]) -> None:
    """Raise ModelError if pictures (height, width) have as many pixels, but different sides."""
    if sides != picture and math.prod(sides) == math.prod(picture):
        size = f"{picture[1]}x{picture[0]}"
        raise ModelError(
            f"the encoder expects {sides[1]}x{sides[0]} pixels, but the pictures have {size}: if "
            f"you reshaped the pictures for training, use --image-shape {size}"
        )
