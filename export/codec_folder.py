"""Writing a trained pair of networks as a codec."""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aecodec.base.arrays import Float32, Latents
from aecodec.base.parallel import Workers
from aecodec.codec.codec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder, write_folder
from aecodec.codec_files.levels import Level
from aecodec.codec_files.spec import CodecSpec
from aecodec.datasets.tiles import as_uint8
from aecodec.export.held_out import (
    PixelCoding,
    count_to_measure,
    measure_codec,
    measure_pair_loss,
    to_planes,
)
from aecodec.export.plan_checks import check_plans, check_round_trips, lowered
from aecodec.export.receptive_field import measure_receptive_field
from aecodec.export.tflite.int8 import Int8Half, int8_half
from aecodec.keras_models.model_files import hdf5_bytes
from aecodec.keras_models.runners import outputs_of
from aecodec.native.networks import NativeNetwork, to_int8
from aecodec.prior_fitting.fitting import PriorOptions, fit_levels
from aecodec.prior_fitting.level_tables import sections_of
from aecodec.prior_fitting.prior import Prior

_LOG = logging.getLogger(__name__)
_PICTURES_FOR_GEOMETRY = 64


def export_codec(
    models: tuple[Any, Any],
    folder: Path,
    *,
    name: str,
    levels: Sequence[Level],
    images: Float32,
    held_out: PixelCoding,
    priors: PriorOptions,
    replace: bool = False,
) -> CodecFolder:
    """Convert both networks to int8, fit priors to the latents, measure, and write the codec.

    The models map images in 0..1 to latents, which are rounded to integers, and back. `levels`
    start with the smallest files; the middle level becomes the default. `images` (N, *image_shape):
    pictures in 0..1 for calibration and for fitting the priors. `held_out`: pictures to measure the
    codec with, and their coding.

    Raises:
        UsageError: the folder contains a codec, and `replace` is False.
        AecodecError: the folder cannot be written.
        ModelError: the models cannot be converted to int8 TFLite or to integer plans, do not accept
            pictures, or lose more than `held_out` allows; or the number of `context_units` differs
            from the number of levels.
    """
    encoder, decoder = models
    channels = held_out.channels(encoder.input_shape[1:])
    priors.units_of(len(levels))
    geometry = _geometry(encoder, decoder, images)
    halves, plans, latents = _networks(
        encoder,
        decoder,
        images,
        levels,
        is_any_size=geometry["receptive_field"] > 0,
        has_trained_ranges=held_out.bands is not None,
    )
    loss = _finest_loss(models, plans, latents, levels[-1], images, held_out.most_lost)
    vectors = latents if geometry["receptive_field"] else latents.reshape(-1, latents.shape[-1])
    _LOG.info("fitting the priors")
    fitted = fit_levels(levels, vectors, priors)
    spec = CodecSpec(
        name=name,
        channels=channels,
        levels=tuple(levels),
        default_level=(len(levels) + 1) // 2,
        bands=held_out.bands,
        **geometry,
    )
    pictures = None if held_out.bands else to_planes(images)
    sections = sections_of(spec, plans, fitted, held_out.transfer, pictures)
    _LOG.info("measuring the codec")
    with tempfile.TemporaryDirectory() as temporary:
        codec = Codec(write_folder(Path(temporary), spec, sections, priors.rdoq))
        check_plans(codec, halves, as_uint8(images), _requantized(latents, levels))
        measured = _checked(codec, images, held_out, fitted) | loss
    files = {half.tflite: own.content for half, own in halves.items()}
    files |= {Half.ENCODER.hdf5: hdf5_bytes(encoder), Half.DECODER.hdf5: hdf5_bytes(decoder)}
    return write_folder(
        folder, spec, sections, priors.rdoq, measured=measured, files=files, replace=replace
    )


def _checked(
    codec: Codec, images: Float32, held_out: PixelCoding, priors: Sequence[Prior]
) -> dict[str, Any]:
    """The measurements of a codec that decodes its own files; ModelError if it does not."""
    if codec.spec.receptive_field and not codec.spec.bands:
        check_round_trips(codec, (held_out.pictures or [to_planes(images)])[0][0])
    return measure_codec(codec, held_out, priors)


def _networks(
    encoder: Any,
    decoder: Any,
    images: Float32,
    levels: Sequence[Level],
    *,
    is_any_size: bool,
    has_trained_ranges: bool,
) -> tuple[dict[Half, Int8Half], dict[Half, bytes], Latents]:
    """The int8 forms and plans of both halves, and all latents; ModelError if one fails."""
    halves, plans = dict[Half, Int8Half](), dict[Half, bytes]()

    def convert(half: Half, model: Any, inputs: Float32) -> None:
        _LOG.info("converting the %s to int8", half.value)
        halves[half] = int8_half(model, half, inputs, has_trained_ranges)
        plans[half] = lowered(half, model, halves[half], is_any_size=is_any_size)

    convert(Half.ENCODER, encoder, images)
    outputs = Workers().map(NativeNetwork(plans[Half.ENCODER]), [*to_int8(as_uint8(images))])
    latents = np.stack(list(outputs))
    if not is_any_size:
        latents = latents.reshape(-1, *encoder.output_shape[1:])
    convert(Half.DECODER, decoder, _requantized(latents, levels))
    return halves, plans, latents


def _finest_loss(
    models: tuple[Any, Any],
    plans: Mapping[Half, bytes],
    latents: Latents,
    finest: Level,
    images: Float32,
    most_lost: float,
) -> dict[str, Any]:
    """The loss of the finest level, before priors are fitted; ModelError if it is too large."""
    # Levels with separate channels or gains trade rounding errors against the rate.
    if finest.code_dimension < latents.shape[-1] or finest.gains:
        return {}
    count = count_to_measure(images.shape)
    codes = _requantized(latents[:count], [finest]).astype(np.int8)
    decoded = Workers().map(NativeNetwork(plans[Half.DECODER]), [*codes])
    pixels = to_planes(images[:count])
    return {"finest_level": measure_pair_loss(models, pixels, codes, decoded, most_lost)}


def _geometry(encoder: Any, decoder: Any, images: Float32) -> dict[str, Any]:
    latents = np.rint(outputs_of(encoder, images[:_PICTURES_FOR_GEOMETRY]))
    if None not in encoder.input_shape[1:]:
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


def _requantized(latents: Latents, levels: Sequence[Level]) -> Float32:
    """(N, *code_shape) latents as the decoder receives them; pictures use the levels in turn."""
    result = np.zeros(latents.shape, np.float32)
    for turn, level in enumerate(levels):
        result[turn :: len(levels)] = level.requantize(latents[turn :: len(levels)])
    return result
