"""Fitting residual networks to training pictures."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.codec.codec import Codec
from aecodec.codec_files.folder import CodecFolder, replace_residuals
from aecodec.codec_files.residual_networks import residual_sections
from aecodec.datasets.training_pictures import Pictures
from aecodec.format.samples import SampleType
from aecodec.imaging.picture import Picture
from aecodec.native.tables import lattice
from aecodec.prior_fitting.residual_fitting import STEPS, Example, fit_networks

_LOG = logging.getLogger(__name__)
"""Reports the steps of long tasks."""

MOST_NETWORKS = 6
"""Networks for the first bands; all other bands share the last one."""

Samples = npt.NDArray[Any]
"""Samples (F, H, W, B) of any type of a file."""

_MOST_PIXELS = 8_000_000
_SIDE = 256
"""Larger pictures are cropped to this side."""

_LOSSLESS_SHARE, _WIDEST_BOUND = 0.3, 0.15
"""Share of pictures without error, and the largest bound as a share of the range of samples."""


def fit_residuals(
    codec: Codec,
    pictures: Sequence[Picture],
    steps: int = STEPS,
    seed: int = 0,
) -> CodecFolder:
    """Fit residual networks to pictures that a codec takes, and add them to its file.

    The networks without base predict samples from each other; the networks with a base also read
    the picture that the codec decodes. The same pictures give the same networks. `steps` is the
    number of batches for a network.
    """
    parts = list(crops(pictures, seed))
    count = min(max(part.pixels.shape[-1] for part in parts), MOST_NETWORKS)
    alone = list(examples(parts, [None] * len(parts), seed))
    networks = [fit_networks(alone, count, steps, seed=seed).content]
    _LOG.info("decoding the pictures that residual networks read")
    based = list(examples(parts, list(decoded(codec, parts)), seed))
    networks.append(fit_networks(based, count, steps, seed=seed).content)
    return replace_residuals(codec.folder, residual_sections(networks))


class Originals(Sequence[Picture]):
    """Training pictures with 8 bits, which are read on access."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self._pictures.sizes)

    def __getitem__(self, number: Any) -> Any:
        pixels = self._pictures[number]
        if pixels.dtype != np.uint8:
            pixels = np.rint(255 * pixels).astype(np.uint8)
        return Picture(pixels[None])


def crops(pictures: Sequence[Picture], seed: int) -> Iterator[Picture]:
    """Yield parts of pictures in random order, with about 8 million pixels in all."""
    rng, left = np.random.default_rng(seed), _MOST_PIXELS
    for number in rng.permutation(len(pictures)).tolist():
        picture = pictures[number]
        places = [slice(None, 1)]
        for side in picture.pixels.shape[1:3]:
            start = rng.integers(max(side - _SIDE, 0) + 1)
            places.append(slice(start, start + _SIDE))
        missing = None if picture.missing is None else picture.missing[tuple(places)]
        yield Picture(picture.pixels[tuple(places)], missing=missing)
        left -= _SIDE**2 if min(picture.size) >= _SIDE else picture.size[0] * picture.size[1]
        if left < 0:
            return


def decoded(codec: Codec, parts: Sequence[Picture]) -> Iterator[Samples]:
    """Yield the pictures that a codec decodes, at all levels in turn."""
    for number, part in enumerate(parts):
        encoded = codec.encoder.encode(part)
        restored = encoded.decoded(1 + number % len(codec.spec.levels))
        yield np.where(part.is_missing, _filled(part), restored.pixels)


def examples(
    parts: Sequence[Picture], bases: Sequence[Samples | None], seed: int
) -> Iterator[Example]:
    """Yield pictures with bounds drawn at random, as integers."""
    rng = np.random.default_rng(seed)
    for part, base in zip(parts, bases, strict=True):
        samples = _filled(part)
        low, high = np.percentile(samples, (0.1, 99.9))
        widest = max(float(high - low) * _WIDEST_BOUND, 1.0)
        error = 0.0 if rng.random() < _LOSSLESS_SHARE else widest ** rng.random()
        kind = SampleType.of(samples.dtype.name)
        yield Example(*lattice(samples[0], None if base is None else base[0], kind, error))


def _filled(part: Picture) -> Samples:
    """The samples, with the median of a band for its missing samples."""
    samples = part.pixels.copy()
    for band in range(samples.shape[-1]):
        known = part.known(band)
        median = np.median(known) if known.size else 0
        samples[..., band][part.is_missing[..., band]] = median
    return samples
