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

from aecodec import metrics
from aecodec.arrays import Float32, Float64, Latents, Pixels
from aecodec.codec.codec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder, write_folder
from aecodec.codec_files.levels import UNMASKED, Level, RateWeight
from aecodec.codec_files.spec import Bands, CodecSpec
from aecodec.errors import ModelError, warn
from aecodec.export.image_shape import check_is_picture
from aecodec.export.lowering import check_plans, lowered
from aecodec.export.pair_loss import measure_pair_loss
from aecodec.export.receptive_field import measure_receptive_field
from aecodec.export.tflite.int8 import int8_tflite
from aecodec.export.tflite.metadata import with_metadata
from aecodec.export.tflite.mixed_precision import MixedModel
from aecodec.export.tflite.runners import FloatRunner
from aecodec.imaging.tiling import grid_of
from aecodec.imaging.transfer import Transfer, from_phases
from aecodec.keras_models.model_files import hdf5_bytes
from aecodec.keras_models.runners import outputs_of
from aecodec.prior_fitting.choices import bits
from aecodec.prior_fitting.contents import sections_of
from aecodec.prior_fitting.context_fitting import fit_level
from aecodec.prior_fitting.prior import Prior
from aecodec.version import version

_LOG = logging.getLogger(__name__)
"""Reports the steps of long tasks."""

_IN_DISTRIBUTION_QUANTILE = 0.999
"""Quantile of the squared errors of held-out tiles. Tiles with larger errors are considered unlike
the training set."""

_PICTURES_FOR_GEOMETRY = 64


class PixelCoding:
    """A codec's coding of pixels with 1 or 3 channels."""

    bands: Bands | None = None
    transfer: Transfer | None = None

    def channels(self, image_shape: tuple[Any, ...]) -> int:
        """Channels of the codec, for networks that process pictures (H, W) or (H, W, C)."""
        check_is_picture(image_shape)
        return int((*image_shape, 1)[2])

    def quality(self, original: Pixels, decoded: Pixels) -> dict[str, Any]:
        """The quality of decoded pictures (N, h, w, C) in `codec.json`."""
        return _quality(np.square(original.astype(np.float32) - decoded).mean(axis=(1, 2, 3)))


class SampleCoding(PixelCoding):
    """A codec's coding of samples of bands, whose phases (N, h, w, B * P) are its pictures.

    PSNRs are relative to the ranges (B,).
    """

    def __init__(self, bands: Bands, transfer: Transfer, ranges: Float64) -> None:
        self.bands, self.transfer, self._phases, self._ranges = (
            bands,
            transfer,
            bands.phases,
            ranges,
        )
        self._levels = transfer.levels(np.dtype(np.float32)).astype(np.float64)

    def channels(self, image_shape: tuple[Any, ...]) -> int:
        return len(self._ranges)

    def quality(self, original: Pixels, decoded: Pixels) -> dict[str, Any]:
        errors = self._errors(original, decoded)
        psnrs = [metrics.psnr(float(error)) for error in errors.mean(axis=0)]
        rounded = {"psnr_of_bands": [round(psnr, 3) for psnr in psnrs]}
        return _quality(errors.mean(axis=1)) | rounded

    def _errors(self, original: Pixels, decoded: Pixels) -> Float64:
        """(N, B) mean squared errors of samples, if the range of each band were 0 to 255."""
        values = [from_phases(phases, self._phases) for phases in (original, decoded)]
        errors = np.empty((len(original), len(self._ranges)))
        for band, width in enumerate(self._ranges):
            first, second = (self._levels[band][plane[..., band]] for plane in values)
            errors[:, band] = np.square((first - second) * 255 / width).mean(axis=(1, 2))
        return errors


def _quality(errors: Any) -> dict[str, Any]:
    """PSNR, and the largest error of familiar pictures, from mean squared errors (N,)."""
    return {
        "psnr": round(metrics.psnr(float(errors.mean())), 3),
        "familiar_mse": round(float(np.quantile(errors, _IN_DISTRIBUTION_QUANTILE)), 2),
    }


_PIXELS = PixelCoding()


def export_codec(
    encoder: Any,
    decoder: Any,
    folder: Path,
    *,
    name: str,
    levels: Sequence[Level],
    images: Float32,
    held_out: Float32,
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
    fitting the priors, `held_out` (M, *image_shape) for measuring the codec. `samples` is the
    coding of the pictures: the channels of images are the phases of samples, or 1 or 3 channels of
    pixels. The other arguments are those of
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
        check_plans(codec, tflite, _to_uint8(images), _requantized(latents, levels))
        planes = _to_planes(held_out)
        measured = _measure(codec, (encoder, decoder), networks, planes, samples, fitted)
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


def _to_uint8(images: Float32) -> Pixels:
    return np.rint(images * 255).astype(np.uint8)


def _to_planes(images: Float32) -> Pixels:
    """Images in 0..1 as (N, h, w, C) uint8 pixels."""
    pixels = _to_uint8(images)
    return pixels if pixels.ndim == 4 else pixels[..., None]


def _requantized(latents: Latents, levels: Sequence[Level]) -> Float32:
    """(N, *code_shape) latents as the decoder receives them; pictures take the levels in turn."""
    result = np.zeros(latents.shape, np.float32)
    for turn, level in enumerate(levels):
        result[turn :: len(levels)] = level.requantize(latents[turn :: len(levels)])
    return result


def _measure(
    codec: Codec,
    models: tuple[Any, Any],
    networks: dict[str, MixedModel],
    pixels: Pixels,
    samples: PixelCoding,
    priors: Sequence[Prior],
) -> dict[str, Any]:
    """Bytes and errors of each level for held-out pictures (N, h, w, C)."""
    measured: dict[str, Any] = {
        "pictures": len(pixels),
        "levels": [
            _measure_level(codec, pixels, number, samples, prior)
            for number, prior in enumerate(priors, start=1)
        ],
    }
    _warn_of_empty_levels(measured["levels"])
    if _compares_with_floats(codec.spec):
        measured["finest_level"] = asdict(measure_pair_loss(codec, *models, pixels, networks))
    return measured


def _compares_with_floats(spec: CodecSpec) -> bool:
    """Whether the finest level is comparable with the float models.

    It is not if levels have separate channels or gains, because training then balances the rounding
    error with the rate.
    """
    return spec.levels[-1].code_dimension == spec.latent_channels and not spec.has_gains


def _warn_of_empty_levels(levels: Sequence[dict[str, float]]) -> None:
    empty = [
        str(number) for number, level in enumerate(levels, 1) if level["payload_bytes"] < 0.005
    ]
    if empty:
        warn(
            f"level {', '.join(empty)}: the codes are the same for all pictures, and files restore "
            "nothing of them; train longer, with a smaller rate weight, or check the pixel range"
        )


def _measure_level(
    codec: Codec, pixels: Pixels, level: int, samples: PixelCoding, prior: Prior
) -> dict[str, Any]:
    size = pixels.shape[2], pixels.shape[1]
    codes = codec.encoder.codes(pixels, level)
    decoded = codec.decoder.reconstruct(codes, level, size)
    rows, columns = grid_of(size, codec.spec.tile)
    grid = (len(pixels), rows, columns) if codec.spec.receptive_field else None
    size_of_vector = bits(prior, codes, grid).sum() / (len(pixels) * rows * columns) / 8
    return {"payload_bytes": round(float(size_of_vector), 3)} | samples.quality(pixels, decoded)
