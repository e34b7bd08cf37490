"""Whether a picture is like those that a codec was trained on, judged by its error.

A codec states, for each level, the error that hardly any of its held-out pictures exceeds: their
99.9 % quantile. With fewer than 1000 pictures, the quantile is merely the largest error, and
ordinary pictures exceed it: one photograph in eight exceeds that of `photo`, which was measured on
56 pictures, by up to 7.2 times. For such codecs the picture itself decides as well. Noise and
drawings have neighbouring pixels that are hardly alike, or large parts that are exactly flat; none
of 1,314 photographs has either.
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
"""Number of pictures of which a quantile of 99.9 % is more than the largest value."""

_ALIEN = 10.0
"""Times the largest error of few pictures that no ordinary picture reaches."""

_FEW = 0.01
"""Share of the frames that may be unlike those of the training set."""

_LEAST_CORRELATION, _MOST_FLAT = 0.5, 0.5


def is_familiar(
    codec: Codec, picture: Picture, compressed: Compressed, errors: Sequence[float]
) -> bool:
    """Whether a picture is like those of the training set, as far as is known.

    Among many frames, one in a hundred may be unlike them, as a few of any pictures are.

    Args:
        codec: the codec that made the file.
        picture: the picture.
        compressed: the file.
        errors: mean squared error of each frame; none if there is no decoder.
    """
    levels = codec.folder.measured.get("levels")
    if not levels or compressed.encoded.header.reduction != NOT_REDUCED:
        return True  # nothing was measured for it
    usual = float(levels[int(compressed.level) - 1]["familiar_mse"])
    is_measured = int(codec.folder.measured.get("pictures", _MEASURABLE)) >= _MEASURABLE
    frames = zip(picture.pixels, errors, strict=False)
    alien = sum(
        error > usual and (is_measured or error > _ALIEN * usual or not is_natural(frame))
        for frame, error in frames
    )
    return alien <= _FEW * len(errors)


def is_natural(pixels: Pixels) -> bool:
    """Whether a picture is neither noise nor a drawing, as its pixels and their neighbours tell.

    Args:
        pixels: (H, W, C) uint8.

    >>> is_natural(np.random.default_rng(0).integers(0, 256, (64, 64, 1), np.uint8))
    False
    >>> is_natural(np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)[..., None])
    True
    """
    values = pixels.astype(np.float32)
    below, beside = values[1:] - values[:-1], values[:, 1:] - values[:, :-1]
    if not below.size or not beside.size:
        return True
    roughness = float((np.square(below).mean() + np.square(beside).mean()) / 2)
    variance = float(values.var(axis=(0, 1)).mean())
    flat = ((below[:, 1:] == 0) & (beside[1:] == 0)).all(axis=-1).mean()
    return roughness <= 2 * (1 - _LEAST_CORRELATION) * variance and bool(flat <= _MOST_FLAT)
