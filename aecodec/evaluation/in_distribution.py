"""Whether a picture resembles the training set of a codec, judged by its error.

For each level, a codec states the 99.9 % quantile of the errors of its held-out pictures. With
fewer than 1000 pictures, the quantile is just the largest error, and ordinary pictures exceed it:
one photograph in eight exceeds that of `photo`, which was measured on 56 pictures, by up to 7.2
times. For such codecs, the content of the picture is considered too. In noise, neighbouring pixels
are nearly uncorrelated, and drawings have large areas that are exactly flat. None of 1,314
photographs has either property.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aecodec.arrays import Pixels
from aecodec.codec.codec import Codec
from aecodec.codec.encoded_picture import Compressed
from aecodec.format.container import NOT_REDUCED
from aecodec.imaging.picture import Picture

_MEASURABLE = 1000
"""Least number of pictures for which the 99.9 % quantile differs from the largest error."""

_OUTLIER_FACTOR = 10.0
"""Multiple of the largest error of few pictures that no ordinary picture reaches."""

_OUTLIER_SHARE = 0.01
"""Maximum share of the frames that may be unlike the training set."""

_LEAST_CORRELATION, _MOST_FLAT = 0.5, 0.5


def is_in_distribution(
    codec: Codec, picture: Picture, compressed: Compressed, errors: Sequence[float]
) -> bool:
    """Whether a picture resembles the codec's training set; True if that is unknown.

    One frame in a hundred may differ, because a few frames of any set of pictures do. `errors` are
    the mean squared errors of the frames; empty if there is no decoder.
    """
    levels = codec.folder.measured.get("levels")
    header = compressed.encoded.header
    if not levels or compressed.level is None or header.reduction != NOT_REDUCED:
        return True  # nothing was measured for it
    limit = float(levels[int(compressed.level) - 1]["familiar_mse"])
    is_measured = int(codec.folder.measured.get("pictures", _MEASURABLE)) >= _MEASURABLE
    frames = zip(picture.pixels, errors, strict=False)
    outliers = sum(
        error > limit and (is_measured or error > _OUTLIER_FACTOR * limit or not is_natural(frame))
        for frame, error in frames
    )
    return outliers <= _OUTLIER_SHARE * len(errors)


def is_natural(pixels: Pixels) -> bool:
    """Whether a picture (H, W, C) uint8 is neither noise nor a drawing.

    Differences of neighbouring pixels tell them apart.

    >>> is_natural(np.random.default_rng(0).integers(0, 256, (64, 64, 1), np.uint8))
    False
    >>> is_natural(np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)[..., None])
    True
    """
    values = pixels.astype(np.float32)
    vertical, horizontal = values[1:] - values[:-1], values[:, 1:] - values[:, :-1]
    if not vertical.size or not horizontal.size:
        return True
    roughness = float((np.square(vertical).mean() + np.square(horizontal).mean()) / 2)
    variance = float(values.var(axis=(0, 1)).mean())
    flat = ((vertical[:, 1:] == 0) & (horizontal[1:] == 0)).all(axis=-1).mean()
    return roughness <= 2 * (1 - _LEAST_CORRELATION) * variance and bool(flat <= _MOST_FLAT)
