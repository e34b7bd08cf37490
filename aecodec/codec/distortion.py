"""Distortion of a file: the error of each frame, and the qualities that rate control compares."""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec import metrics
from aecodec.arrays import Latents, Pixels
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.samples import limits_of
from aecodec.codec_files.file_names import Half
from aecodec.format.container import Header
from aecodec.format.samples import Samples
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.picture import Picture

_PART_SIDE = 1024
"""Longest side of the parts in which MS-SSIM is measured, to limit memory."""

Measure = Callable[[Pixels, Pixels], float]
"""Compares two frames (H, W, C), original and restored."""


def squared_errors(
    decoder: DecoderCodec, picture: Picture, header: Header, latents: Latents
) -> list[float]:
    """Mean squared error of each frame of a file; empty if the codec file lacks the decoder.

    The original is compared in the colours that the header keeps. The header's level is not read;
    the latents are dequantized. Samples of codecs with bands are first scaled to 0..255 by their
    limits, and missing samples are not compared.
    """
    if not decoder.folder.has(Half.DECODER):
        return []
    return _of_frames(metrics.mse, decoder, picture, header, latents)


class Quality(NamedTuple):
    """A measure of picture quality; higher is better.

    `unit` follows the number in messages, `measure` compares two frames, and `of_mean` converts the
    mean over the frames to the quality of the picture.
    """

    unit: str
    measure: Measure
    of_mean: Callable[[float], float] = float

    def of(
        self, decoder: DecoderCodec, picture: Picture, header: Header, latents: Latents
    ) -> float:
        """Measure the picture that a file decodes to, with the arguments of :func:`squared_errors`.

        Raises CodecError if the decoder's files are missing.
        """
        values = _of_frames(self.measure, decoder, picture, header, latents)
        return self.of_mean(float(np.mean(values)))


def _of_frames(
    measure: Measure, decoder: DecoderCodec, picture: Picture, header: Header, latents: Latents
) -> list[float]:
    restored = decoder.reconstruct_pixels(header, latents)
    if header.samples:
        return _of_samples(measure, decoder, picture, header.samples, restored)
    coded = in_kept_colours(picture, header.metadata)
    return [measure(*pair) for pair in zip(coded.pixels, restored, strict=True)]


def _of_samples(
    measure: Measure,
    decoder: DecoderCodec,
    picture: Picture,
    samples: Samples,
    restored: npt.NDArray[Any],
) -> list[float]:
    """Measure the samples of each frame that are not missing, scaled to 0..255 by their limits."""
    low, high = decoder.folder.transfer.limits_of(restored.dtype, limits_of(samples)).T
    values = []
    for frame in range(picture.frames):
        pair = ((255 * (p[frame] - low) / (high - low)) for p in (picture.pixels, restored))
        original, decoded = (scaled.clip(0, 255).astype(np.float32) for scaled in pair)
        known = np.ones(original.shape, bool)
        if picture.missing is not None:
            known &= ~picture.missing[frame]
        values.append(measure(original[known], decoded[known]) if known.any() else 0.0)
    return values


def ms_ssim(original: Pixels, restored: Pixels) -> float:
    """MS-SSIM of frames (H, W, C) uint8; for a tiny picture, the PSNR.

    It is averaged over the parts of a large picture. Rate control uses it to choose the best of
    several files. Among the measures that are quick and need no further package, it agrees best
    with SSIMULACRA2 at few bytes.

    >>> ms_ssim(np.zeros((28, 28, 1), np.uint8), np.zeros((28, 28, 1), np.uint8))
    1.0
    """
    parts = zip(_parts(original), _parts(restored), strict=True)
    similarity = float(np.mean([metrics.ms_ssim(*pair) for pair in parts]))
    if math.isnan(similarity):
        return metrics.psnr(metrics.mse(original, restored))
    return similarity


def _parts(pixels: Pixels) -> Iterator[Pixels]:
    """Split pixels into parts of about the same size with sides of at most `_PART_SIDE`."""
    height, width = pixels.shape[:2]
    for rows in np.array_split(pixels, math.ceil(height / _PART_SIDE)):
        yield from np.array_split(rows, math.ceil(width / _PART_SIDE), axis=1)


PSNR = Quality("dB", metrics.mse, metrics.psnr)
SSIMULACRA2 = Quality("by SSIMULACRA2", metrics.ssimulacra2)
MS_SSIM = Quality("by MS-SSIM", ms_ssim)
