"""Writing a trained pair of networks as a codec."""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from aecodec.arrays import Float32, Latents, Pixels
from aecodec.codec.codec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder, write_folder
from aecodec.codec_files.levels import UNMASKED, Level, RateWeight
from aecodec.codec_files.spec import CodecSpec
from aecodec.datasets.tiles import as_uint8
from aecodec.errors import ModelError
from aecodec.export.held_out import PixelCoding, measure_codec
from aecodec.export.lowering import check_plans, check_round_trips, check_sizes, lowered
from aecodec.export.pair_loss import measure_pair_loss
from aecodec.export.receptive_field import measure_receptive_field
from aecodec.export.tflite.int8 import int8_tflite
from aecodec.export.tflite.metadata import with_metadata
from aecodec.export.tflite.mixed_precision import MixedModel
from aecodec.export.tflite.runners import FloatRunner
from aecodec.keras_models.model_files import hdf5_bytes
from aecodec.keras_models.runners import outputs_of
from aecodec.prior_fitting.context_fitting import fit_level
from aecodec.prior_fitting.level_section import sections_of
from aecodec.version import version

_LOG = logging.getLogger(__name__)
"""Reports the steps of long tasks."""

_PICTURES_FOR_GEOMETRY = 64

_PIXELS = PixelCoding()


def export_codec(
    encoder: Any,
    decoder: Any,
    folder: Path,
    *,
    name: str,
    levels: Sequence[Level],
    images: Float32,
    held_out: Sequence[Float32],
    priors: int = 64,
    context_units: int | Sequence[int] = 512,
    context_epochs: int = 40,
    rdoq: RateWeight = UNMASKED,
    replace: bool = False,
    samples: PixelCoding = _PIXELS,
) -> CodecFolder:
    """Convert both networks to int8, fit priors to the latents, measure, and write the codec.

    The Keras encoder maps images in 0..1 to latents, which are rounded to integers, and the decoder
    maps latents to images. `levels` start with level 1, which has the smallest files; the middle
    level becomes the default. `images` (N, *image_shape) in 0..1 are for calibration and for
    fitting the priors, `held_out` are arrays (M, *image_shape) for measuring the codec, whole
    pictures if it takes any size. `samples` is the coding of the pictures: the channels of images
    are the phases of samples, or 1 or 3 channels of pixels. The other arguments are those of
    :meth:`~aecodec.training.autoencoder.Autoencoder.to_codec`.

    Raises:
        UsageError: the folder contains a codec, and `replace` is False.
        AecodecError: the folder cannot be written.
        ModelError: the models cannot be converted to int8 TFLite or to integer plans, or do not
            take pictures, or the number of `context_units` differs from the number of levels.
    """
    channels = samples.channels(encoder.input_shape[1:])
    units = _per_level(levels, context_units)
    geometry = _geometry(encoder, decoder, images)
    is_trained = samples.bands is not None
    networks, latents = _int8_networks(encoder, decoder, images, levels, is_trained)
    tflite = {half: networks[half.value].content for half in Half}
    plans = {
        half: lowered(tflite[half], half, model, is_any_size=geometry["receptive_field"] > 0)
        for half, model in zip(Half, (encoder, decoder), strict=True)
    }
    if geometry["receptive_field"]:
        check_sizes(plans, encoder, decoder, images, geometry["tile"])
    vectors = latents if _takes_any_size(encoder) else latents.reshape(-1, latents.shape[-1])
    fitted = []
    for number, (level, size) in enumerate(zip(levels, units, strict=True), start=1):
        _LOG.info("fitting the priors of level %d of %d", number, len(levels))
        fitted.append(fit_level(level, vectors, priors, size, context_epochs, rdoq))
    spec = CodecSpec(
        name=name,
        channels=channels,
        levels=tuple(levels),
        default_level=(len(levels) + 1) // 2,
        bands=samples.bands,
        **geometry,
    )
    pictures = None if samples.bands else _to_planes(images)
    sections = sections_of(spec, plans, fitted, samples.transfer, pictures)
    _LOG.info("measuring the codec")
    with tempfile.TemporaryDirectory() as temporary:
        codec = Codec(write_folder(Path(temporary), spec, sections, rdoq))
        check_plans(codec, tflite, as_uint8(images), _requantized(latents, levels))
        planes = [_to_planes(pictures) for pictures in held_out]
        if spec.receptive_field and not spec.bands:
            check_round_trips(codec, (planes or [_to_planes(images)])[0][0])
        measured = measure_codec(codec, planes, samples, fitted)
        if _compares_with_floats(spec):
            loss = measure_pair_loss(codec, encoder, decoder, _to_planes(images), networks)
            measured["finest_level"] = asdict(loss)
    files = {
        **_models(name, Half.ENCODER, encoder, tflite[Half.ENCODER]),
        **_models(name, Half.DECODER, decoder, tflite[Half.DECODER]),
    }
    return write_folder(
        folder, spec, sections, rdoq, measured=measured, files=files, replace=replace
    )


def _int8_networks(
    encoder: Any,
    decoder: Any,
    images: Float32,
    levels: Sequence[Level],
    has_trained_ranges: bool,
) -> tuple[dict[str, MixedModel], Latents]:
    """The int8 models of both halves, and the latents of all images.

    Errors are measured at the finest level, where int8 matters most. Raises ModelError if a half
    cannot be converted.
    """
    finest = len(levels) - 1

    def error_of_latents(latents: Float32) -> float:
        rounded = np.clip(np.rint(latents), -128, 127).astype(np.int8)
        requantized = levels[finest].requantize(rounded).astype(np.float32)
        return _squared_error(outputs_of(decoder, requantized), images)

    def error_of_pictures(decoded: Float32) -> float:
        return _squared_error(decoded[finest :: len(levels)], images[finest :: len(levels)])

    _LOG.info("converting the encoder to int8")
    int8_encoder = int8_tflite(encoder, Half.ENCODER, images, error_of_latents, has_trained_ranges)
    latents = FloatRunner(int8_encoder.content)(images).astype(np.int8)
    _LOG.info("converting the decoder to int8")
    requantized = _requantized(latents, levels)
    int8_decoder = int8_tflite(
        decoder, Half.DECODER, requantized, error_of_pictures, has_trained_ranges
    )
    return {Half.ENCODER.value: int8_encoder, Half.DECODER.value: int8_decoder}, latents


def _squared_error(decoded: Float32, images: Float32) -> float:
    return float(np.mean(np.square(np.clip(decoded, 0, 1) - images[: len(decoded)])))


def _models(name: str, half: Half, model: Any, tflite: bytes) -> dict[str, bytes]:
    description = {"codec": name, "aecodec": version()}
    return {
        half.tflite: with_metadata(tflite, half.signature, description),
        half.hdf5: hdf5_bytes(model),
    }


def _per_level(levels: Sequence[Level], context_units: int | Sequence[int]) -> list[int]:
    if isinstance(context_units, int):
        return [context_units] * len(levels)
    if len(context_units) != len(levels):
        raise ModelError(
            f"{len(context_units)} context_units for {len(levels)} levels: give one per level"
        )
    return list(context_units)


def _takes_any_size(encoder: Any) -> bool:
    return None in encoder.input_shape[1:]


def _geometry(encoder: Any, decoder: Any, images: Float32) -> dict[str, Any]:
    """Tile, channels and vectors of the codec. A convolutional codec has one vector per tile."""
    latents = np.rint(outputs_of(encoder, images[:_PICTURES_FOR_GEOMETRY]))
    if not _takes_any_size(encoder):
        vectors = math.prod(latents.shape[1:-1])
        return {
            "tile": images.shape[1:3],
            "latent_channels": latents.shape[-1],
            "vectors": vectors,
            "receptive_field": 0,
        }
    tile = (images.shape[1] // latents.shape[1], images.shape[2] // latents.shape[2])
    distance = measure_receptive_field(encoder, decoder, tile, latents)
    return {"tile": tile, "latent_channels": latents.shape[-1], "receptive_field": distance}


def _to_planes(images: Float32) -> Pixels:
    """Images in 0..1 as (N, h, w, C) uint8 pixels."""
    pixels = as_uint8(images)
    return pixels if pixels.ndim == 4 else pixels[..., None]


def _requantized(latents: Latents, levels: Sequence[Level]) -> Float32:
    """(N, *code_shape) latents as the decoder receives them; pictures take the levels in turn."""
    result = np.zeros(latents.shape, np.float32)
    for turn, level in enumerate(levels):
        result[turn :: len(levels)] = level.requantize(latents[turn :: len(levels)])
    return result


def _compares_with_floats(spec: CodecSpec) -> bool:
    """Whether the finest level is comparable with the float models.

    It is not if levels have separate channels or gains, because training then balances the rounding
    error with the rate.
    """
    return spec.levels[-1].code_dimension == spec.latent_channels and not spec.has_gains
