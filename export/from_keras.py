"""A codec of two Keras models that were trained elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aecodec.codec.codec import Codec
from aecodec.datasets.tiles import Tiles
from aecodec.datasets.training_pictures import hold_out, open_pictures
from aecodec.errors import ModelError
from aecodec.export.codec_folder import export_codec
from aecodec.export.step_allocation import in_steps, shared_steps
from aecodec.keras_models.pair import KerasPair

_HELD_OUT_SHARE = 0.1
_MAX_FITTED_VECTORS = 60_000
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
) -> Codec:
    """Make a codec of a trained encoder and decoder.

    Args:
        encoder: Keras model from images in 0..1 to latents.
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

    Raises:
        ImageError: there are no pictures.
        ModelError: the models do not fit each other, do not take pictures, or cannot be converted
            to int8 TFLite.
    """
    pair = KerasPair(encoder, decoder)
    calibration, held_out = _tiles(pair, data, tile)
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
        )
    )


def _tiles(pair: KerasPair, data: str | Path, tile: int) -> tuple[Tiles, Tiles]:
    """Tiles to calibrate and fit on, and held-out tiles to measure on."""
    if len(pair.image_shape) not in (2, 3):
        raise ModelError(f"the encoder takes {pair.image_shape}: these are not pictures")
    height, width, channels = (*pair.image_shape, 1)[:3]
    sides = (height or tile, width or tile)
    pictures = open_pictures(data)
    fitted, held_out = hold_out(pictures, _HELD_OUT_SHARE)
    return (
        Tiles(pictures, sides, channels, only=fitted),
        Tiles(pictures, sides, channels, only=held_out),
    )
