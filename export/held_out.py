"""Measurements of a codec on held-out pictures, and of its loss against float models."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from aecodec import metrics
from aecodec.base.arrays import Float32, Float64, Latents, Pixels
from aecodec.base.errors import ModelError, warn
from aecodec.codec.codec import Codec
from aecodec.codec_files.spec import Bands
from aecodec.datasets.tiles import as_floats, as_uint8
from aecodec.export.image_shape import check_is_picture
from aecodec.imaging.tiling import grid_of
from aecodec.imaging.transfer import Transfer, from_phases
from aecodec.keras_models.runners import outputs_of, shaped_for
from aecodec.native.networks import to_pixels
from aecodec.prior_fitting.level_tables import bits
from aecodec.prior_fitting.prior import Prior

_IN_DISTRIBUTION_QUANTILE = 0.999
"""Quantile of squared errors above which pictures are considered unfamiliar."""

_LARGEST_SHIFT, _STANDARD_ERRORS = 0.2, 3
"""Largest change of the mean in grey levels, and tolerance in standard errors."""


def to_planes(images: Float32) -> Pixels:
    """Images in 0..1 as (N, h, w, C) uint8 pixels."""
    pixels = as_uint8(images)
    return pixels if pixels.ndim == 4 else pixels[..., None]


class PixelCoding:
    """Arrays (M, *image_shape) of held-out pictures in 0..1, and a codec's coding of pixels.

    `most_lost`: maximum loss in dB against the float models. A larger loss is an error.
    """

    bands: Bands | None = None
    transfer: Transfer | None = None

    def __init__(self, held_out: Iterable[Float32], most_lost: float = math.inf) -> None:
        self.pictures = [to_planes(images) for images in held_out]
        self.most_lost = most_lost

    def channels(self, image_shape: tuple[Any, ...]) -> int:
        check_is_picture(image_shape)
        return int((*image_shape, 1)[2])

    def errors(self, original: Pixels, decoded: Pixels) -> Float64:
        """(N, 1) mean squared errors of decoded pictures (N, h, w, C)."""
        squares = np.square(original.astype(np.float32) - decoded)
        return squares.mean(axis=(1, 2, 3), dtype=np.float64)[:, None]


class SampleCoding(PixelCoding):
    """A codec's coding of samples of bands, whose phases (N, h, w, B * P) are its pictures.

    PSNRs are relative to the ranges (B,).
    """

    def __init__(
        self, held_out: Iterable[Float32], bands: Bands, transfer: Transfer, ranges: Float64
    ) -> None:
        super().__init__(held_out)
        self.bands, self.transfer, self._ranges = bands, transfer, ranges
        self._phases = bands.phases
        self._levels = transfer.levels(np.dtype(np.float32)).astype(np.float64)

    def channels(self, image_shape: tuple[Any, ...]) -> int:
        return len(self._ranges)

    def errors(self, original: Pixels, decoded: Pixels) -> Float64:
        """(N, B) mean squared errors of samples, with the range of each band scaled to 0..255."""
        values = [from_phases(phases, self._phases) for phases in (original, decoded)]
        errors = np.empty((len(original), len(self._ranges)))
        for band, width in enumerate(self._ranges):
            first, second = (self._levels[band][plane[..., band]] for plane in values)
            errors[:, band] = np.square((first - second) * 255 / width).mean(axis=(1, 2))
        return errors


def measure_codec(codec: Codec, held_out: PixelCoding, priors: Sequence[Prior]) -> dict[str, Any]:
    if not held_out.pictures:
        return {}
    measured: dict[str, Any] = {
        "pictures": sum(map(len, held_out.pictures)),
        "levels": [
            _measure_level(codec, held_out, number, prior)
            for number, prior in enumerate(priors, start=1)
        ],
    }
    _warn_of_empty_levels(measured["levels"])
    _warn_if_useless(measured["levels"], held_out)
    return measured


def _warn_of_empty_levels(levels: Sequence[dict[str, float]]) -> None:
    empty = [number for number, level in enumerate(levels, 1) if level["payload_bytes"] < 0.005]
    if empty:
        warn(
            f"level {', '.join(map(str, empty))}: all pictures have the same codes, so "
            "decoded pictures are identical: train longer or with a smaller rate weight, or "
            "check the pixel range"
        )


def _warn_if_useless(levels: Sequence[dict[str, float]], samples: PixelCoding) -> None:
    pictures, best = samples.pictures, max(level["psnr"] for level in levels)
    means = (np.full_like(p, np.rint(p.mean(axis=(0, 1, 2)))) for p in pictures)
    errors = [samples.errors(*pair).mean() for pair in zip(pictures, means, strict=True)]
    of_mean = metrics.psnr(float(np.average(errors, weights=[p.size for p in pictures])))
    if best < of_mean < math.inf:  # of one colour each, pictures have no error
        warn(
            f"the best level restores held-out pictures at {best:.1f} dB, but their mean colour "
            f"reaches {of_mean:.1f} dB: train longer, with a smaller rate weight, or on pictures "
            "closer to these"
        )


def _measure_level(codec: Codec, samples: PixelCoding, level: int, prior: Prior) -> dict[str, Any]:
    pixels = samples.pictures
    coded = [_coded(codec, pictures, level, prior) for pictures in pixels]
    sides = np.concatenate([np.tile(p.shape[1:3], (len(p), 1)) for p in pixels])
    vectors, weights = np.ceil(sides / codec.spec.tile).prod(axis=1).sum(), sides.prod(axis=1)
    pairs = [(p, decoded) for p, (_, decoded) in zip(pixels, coded, strict=True)]
    errors = np.concatenate([samples.errors(*pair) for pair in pairs])
    shifts = np.concatenate([_mean_errors(*pair) for pair in pairs])
    shift = np.average(shifts, weights=weights)
    if codec.spec.has_gains and not samples.bands:
        check_shift(level, shifts, float(shift))
    of_bands = [metrics.psnr(error) for error in np.average(errors, 0, weights)]
    errors = errors.mean(axis=1)
    return {
        "payload_bytes": round(float(sum(size for size, _ in coded) / 8 / vectors), 3),
        "psnr": round(metrics.psnr(float(np.average(errors, weights=weights))), 3),
        "mean_error": round(float(shift), 3),
        "familiar_mse": round(float(np.quantile(errors, _IN_DISTRIBUTION_QUANTILE)), 2),
        **({"psnr_of_bands": [round(psnr, 3) for psnr in of_bands]} if samples.bands else {}),
    }


def _coded(codec: Codec, pixels: Pixels, level: int, prior: Prior) -> tuple[float, Pixels]:
    frames, height, width, _ = pixels.shape
    codes = codec.encoder.codes(pixels, level)
    grid = (frames, *grid_of((width, height), codec.spec.tile))
    size = bits(prior, codes, grid if codec.spec.receptive_field else None).sum()
    return float(size), codec.decoder.reconstruct(codes, level, (width, height))


def _mean_errors(original: Pixels, decoded: Pixels) -> Float64:
    axes = (1, 2, 3)
    return np.asarray(decoded.mean(axes, np.float64) - original.mean(axes, np.float64))


def check_shift(level: int, shifts: Float64, mean: float) -> None:
    """Check that a level does not change the mean of held-out pictures, except by chance.

    `shifts` (N,): changes of N pictures in grey levels. `mean`: their weighted mean. Raises
    ModelError if the mean exceeds 0.2 by more than three standard errors.
    """
    error = shifts.std(ddof=1) / len(shifts) ** 0.5 if len(shifts) > 1 else math.inf
    if abs(mean) > _LARGEST_SHIFT + _STANDARD_ERRORS * error:
        raise ModelError(
            f"level {level} changes the mean of held-out pictures by {mean:+.2f} grey levels, but "
            f"at most {_LARGEST_SHIFT} are allowed: train longer, or on pictures closer to these"
        )


_CLEARLY_BETTER, _WORTH_A_WARNING = 0.5, 0.3
_MAX_PICTURES, _MAX_PIXELS = 500, 1 << 22
_RESTORES_LESS = (
    "the models restore the calibration pictures at {:.1f} dB, but the mean picture alone "
    "reaches {:.1f} dB. Most likely, the models were not trained (or not together), the "
    "pictures differ from the training pictures, or the models expect different values (see "
    "--pixel-range, --mean, --std, --channel-order and --layout). --force writes the codec anyway"
)
_TRANSPOSES = (
    "one of the models swaps height and width: the models restore the calibration pictures at "
    "{:.1f} dB, but at {:.1f} dB if their output is transposed. Transpose the decoder's output "
    "(Permute((2, 1, 3)) in Keras, transpose(2, 3) in PyTorch). --force writes the codec anyway"
)
_LOSES = (
    "the int8 codec loses {:.2f} dB compared with the float models, which restore the calibration "
    "pictures at {:.2f} dB. The loss is {:.2f} dB in the encoder, and {:.2f} dB in the decoder. "
    "Use more calibration pictures, similar to the training pictures. If a few weights or "
    "activations of the worse model are so large that int8 rounds the rest to 0, add normalization "
    "or ReLU6. If the decoder was not trained for rounded codes, train it with noise of -0.5..0.5 "
    "steps added to the codes"
)


def check_restores(models: tuple[Any, Any], images: Float32) -> None:
    """Raise ModelError if models restore images (N, ...) worse than their mean, or transposed."""
    pixels = to_planes(images)
    mean = np.broadcast_to(pixels.mean(axis=(0, 1, 2)), pixels.shape)
    restored = _restored(models, as_floats(pixels))
    reached, of_mean = (_psnr(pixels, decoded) for decoded in (restored, mean))
    transposed = _psnr(pixels.swapaxes(1, 2), restored)
    if transposed > max(reached + _CLEARLY_BETTER, of_mean):
        raise ModelError(_TRANSPOSES.format(reached, transposed))
    if reached < of_mean:
        raise ModelError(_RESTORES_LESS.format(reached, of_mean))


def measure_pair_loss(
    models: tuple[Any, Any],
    pixels: Pixels,
    codes: Latents,
    decoded: Iterable[Latents],
    most_lost: float,
) -> dict[str, float]:
    """PSNRs of pictures (N, h, w, C): of the float pair, and of the finest level.

    `codes` (M, ...): the codec's latents of the first pictures; `decoded`: the int8 outputs
    (h, w, C) of its decoder. Warns if the codec loses more than 0.3 dB; raises ModelError if it
    loses more than `most_lost` dB. Both messages name the loss of each half.
    """
    of_codec = to_pixels(np.stack(list(decoded)))
    pixels = pixels[: len(of_codec)]
    loss = {
        "float_pair": _psnr(pixels, _restored(models, as_floats(pixels))),
        "codec": _psnr(pixels, of_codec),
    }
    lost = loss["float_pair"] - loss["codec"]
    if lost > min(most_lost, _WORTH_A_WARNING):
        half_way = _psnr(pixels, _restored(models[1:], codes.astype(np.float32)))
        shares = loss["float_pair"] - half_way, half_way - loss["codec"]
        text = _LOSES.format(lost, loss["float_pair"], *shares)
        if lost > most_lost:
            raise ModelError(f"{text}. --force writes the codec anyway")
        warn(text)
    return loss


def count_to_measure(shape: tuple[int, ...]) -> int:
    """Number of pictures (N, h, w, ...) that are needed to measure the loss of a codec."""
    return min(shape[0], max(1, min(_MAX_PICTURES, _MAX_PIXELS // math.prod(shape[1:3]))))


def _restored(models: Sequence[Any], values: Float32) -> Float32:
    """Pixels (N, ...) that float models restore, rounded but not converted to uint8."""
    for model in models:
        values = outputs_of(model, shaped_for(values, model.input_shape))
    return np.asarray(np.rint(255 * values.clip(0, 1)))


def _psnr(pixels: Pixels, decoded: Any) -> float:
    return round(metrics.psnr(metrics.mse(pixels, decoded.reshape(pixels.shape))), 3)
