"""A trained pair of networks to a codec folder: models, priors, hashes, measurements."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec import __version__, metrics, tiling
from aecodec.codec import Codec
from aecodec.errors import ModelError
from aecodec.export.hdf5 import hdf5_bytes
from aecodec.export.labels import labelled
from aecodec.export.reach import reach_of
from aecodec.export.tflite import decoder_tflite, encoder_tflite
from aecodec.fitting import fit_prior
from aecodec.images import Pixels
from aecodec.levels import Level
from aecodec.neighbours import Codes
from aecodec.prior import Prior
from aecodec.segments import settled
from aecodec.spec import (
    DECODER_HDF5,
    DECODER_TFLITE,
    ENCODER_HDF5,
    ENCODER_TFLITE,
    PRIORS,
    CodecFolder,
    CodecSpec,
    save_priors,
    write_folder,
)
from aecodec.training.context import fit_context
from aecodec.transforms import PIXEL_ZERO, LiteRtTransform

_FAMILIAR_SHARE = 0.999
"""Tiles beyond this quantile of the held-out set's squared error are unlike those trained on."""

_FIRST_SHARE = 6
"""The prior that decides codes is fitted to every so manieth picture."""


def export_codec(
    encoder: Any,
    decoder: Any,
    folder: Path,
    *,
    name: str,
    levels: Sequence[Level],
    images: npt.NDArray[np.float32],
    held_out: npt.NDArray[np.float32],
    priors: int = 64,
    context_units: int | Sequence[int] = 512,
    context_epochs: int = 40,
) -> CodecFolder:
    """Quantize, fit the priors on the quantized encoder's codes, write and measure.

    Args:
        encoder: a Keras model, images in 0..1 to latents in quantisation steps.
        decoder: a Keras model, latents to images.
        folder: where the codec goes.
        name: its name.
        levels: level 1, the smallest files, first; the middle one becomes the default.
        images: (N, *image_shape) to calibrate and fit on.
        held_out: (M, *image_shape) to measure on.
        priors: P, how many distributions compete.
        context_units: of the network that refines them, channel by channel; of each level, or the
            same for all. 0 for none.
        context_epochs: how long that is trained.

    Raises:
        ModelError: the models cannot be quantized, or are not of pictures; or there are not as
            many `context_units` as levels.
    """
    _check_pictures(encoder)
    units = _of_each(levels, context_units)
    compressor = encoder_tflite(encoder, images)
    integers = LiteRtTransform(compressor)(_to_int8(images))
    vectors = integers if _takes_any_size(encoder) else integers.reshape(-1, integers.shape[-1])
    fitted = [
        fit_level(level, vectors, priors, size, context_epochs)
        for level, size in zip(levels, units, strict=True)
    ]
    restorer = decoder_tflite(decoder, _decoder_inputs(integers, levels))
    spec = CodecSpec(
        name=name,
        channels=(*images.shape[1:], 1)[2],
        levels=tuple(levels),
        default_level=(len(levels) + 1) // 2,
        **_geometry(encoder, decoder, images, integers),
    )
    description = {"codec": name, "aecodec": __version__}
    contents = {
        PRIORS: save_priors(fitted),
        ENCODER_TFLITE: labelled(compressor, "encode", description),
        DECODER_TFLITE: labelled(restorer, "decode", description),
        ENCODER_HDF5: hdf5_bytes(encoder),
        DECODER_HDF5: hdf5_bytes(decoder),
    }
    with tempfile.TemporaryDirectory() as unmeasured:
        codec = Codec(write_folder(Path(unmeasured), spec, contents, measured={}))
        measured = _measure(codec, _to_pixels(held_out))
    return write_folder(folder, spec, contents, measured)


def fit_level(
    level: Level, integers: npt.NDArray[np.int8], priors: int, units: int, epochs: int
) -> Prior:
    """A prior of the codes that encoders make of integers.

    Where those weigh what symbols cost, codes depend on the prior: a first one, fitted to some that
    are simply rounded, decides all.

    Args:
        level: of the codec.
        integers: (N, C) of vectors that stand alone, or (F, rows, columns, C); C of all levels.
        priors: P, how many distributions compete.
        units: of the context network.
        epochs: how long that is trained.
    """

    def fitted(codes: Codes, pictures: int) -> Prior:
        grid = (pictures, *integers.shape[1:3]) if integers.ndim == 4 else None
        return fit_context(fit_prior(codes, priors), codes, units, epochs, grid=grid)

    if not level.gains:
        return fitted(level.codes_in(integers), len(integers))
    some = integers[::_FIRST_SHARE]
    first = fitted(level.codes_in(some), len(some))
    return fitted(settled(first, level, integers), len(integers))


def _of_each(levels: Sequence[Level], context_units: int | Sequence[int]) -> list[int]:
    if isinstance(context_units, int):
        return [context_units] * len(levels)
    if len(context_units) != len(levels):
        raise ModelError(f"{len(context_units)} context_units for {len(levels)} levels")
    return list(context_units)


def _takes_any_size(encoder: Any) -> bool:
    return None in encoder.input_shape[1:]


def _check_pictures(encoder: Any) -> None:
    shape = encoder.input_shape[1:]
    if (
        len(shape) not in (2, 3)
        or (*shape, 1)[2] not in (1, 3)
        or (None in shape) != (shape[:2] == (None, None))
    ):
        raise ModelError(
            f"the encoder takes {shape}: a codec is made of pictures (height, width), "
            "(height, width, 1) or (height, width, 3), of a fixed size or of any size"
        )


def _geometry(
    encoder: Any, decoder: Any, images: npt.NDArray[np.float32], integers: npt.NDArray[np.int8]
) -> dict[str, Any]:
    """Tiles of their own for networks of a fixed size; a tile a code vector for others."""
    if not _takes_any_size(encoder):
        return {"tile": images.shape[1:3], "code_shape": integers.shape[1:]}
    tile = (images.shape[1] // integers.shape[1], images.shape[2] // integers.shape[2])
    reach = reach_of(encoder, decoder, tile, integers.astype(np.float32))
    return {"tile": tile, "code_shape": integers.shape[-1:], "reach": reach}


def _to_pixels(images: npt.NDArray[np.float32]) -> Pixels:
    pixels = np.rint(images * 255).astype(np.uint8)
    return pixels if pixels.ndim == 4 else pixels[..., None]


def _to_int8(images: npt.NDArray[np.float32]) -> npt.NDArray[np.int8]:
    return (np.rint(images * 255) + PIXEL_ZERO).astype(np.int8)


def _decoder_inputs(
    integers: npt.NDArray[np.int8], levels: Sequence[Level]
) -> npt.NDArray[np.float32]:
    """(N, *code_shape) latents as the decoder will meet them, the levels by turns."""
    latents = np.zeros(integers.shape, np.float32)
    for turn, level in enumerate(levels):
        latents[turn :: len(levels)] = level.rounded(integers[turn :: len(levels)])
    return latents


def _measure(codec: Codec, pixels: Pixels) -> dict[str, Any]:
    """What each level costs and loses on pictures that were never trained on."""
    numbers = range(1, len(codec.spec.levels) + 1)
    return {
        "pictures": len(pixels),
        "levels": [_measure_level(codec, pixels, number) for number in numbers],
    }


def _measure_level(codec: Codec, pixels: Pixels, level: int) -> dict[str, float]:
    codes = codec.encoder.codes(pixels, level)
    decoded = codec.decoder.planes(codes, level, pixels.shape[2:0:-1])
    errors = np.square(pixels.astype(np.float32) - decoded).mean(axis=(1, 2, 3))
    grid = tiling.grid(pixels.shape[2:0:-1], codec.spec.tile)
    in_grid = (len(pixels), *grid) if codec.spec.reach else None
    bits = codec.folder.prior(level).bits(codes, in_grid).sum()
    bits /= len(pixels) * grid[0] * grid[1]
    return {
        "payload_bytes": round(float(bits) / 8, 3),
        "psnr": round(metrics.psnr(float(errors.mean())), 3),
        "familiar_mse": round(float(np.quantile(errors, _FAMILIAR_SHARE)), 2),
    }
