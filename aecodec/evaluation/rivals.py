"""Rate and quality of a codec's levels, and of image formats on the same pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from aecodec.codec.codec import Codec
from aecodec.codec.distortion import Values
from aecodec.evaluation.evaluate import Coder, codec_coder, format_coder, measure, pixel_errors
from aecodec.evaluation.formats import COMPARED_FORMATS
from aecodec.imaging.picture import Picture

Curves = dict[str, list[Values]]
"""Values of :func:`~aecodec.evaluation.evaluate.measure`, by the name of a codec or format."""


def curves_of(codec: Codec, pictures: Sequence[Picture], *, ssimulacra2: bool = False) -> Curves:
    """Measure the levels of a codec with both halves, and the installed formats."""
    errors_of = partial(pixel_errors, ssimulacra2=ssimulacra2)
    levels = range(1, len(codec.spec.levels) + 1)
    coders: dict[str, Iterable[Coder]] = {
        codec.spec.name: [codec_coder(codec, level) for level in levels],
        **{
            rival.title: [format_coder(rival, quality) for quality in rival.qualities]
            for rival in COMPARED_FORMATS
            if rival.is_installed
        },
    }
    return {
        name: [measure(coder, pictures, errors_of) for coder in group]
        for name, group in coders.items()
    }


def rate_at(rows: Sequence[Values], quality_name: str, quality: float | None) -> float | None:
    """Bits per pixel at a quality, interpolated between rows; None if no row reaches it.

    >>> rows = [{"psnr": 30.0, "bpp": 1.0}, {"psnr": 32.0, "bpp": 4.0}]
    >>> [rate_at(rows, "psnr", quality) for quality in (20, 31, 33)]
    [1.0, 2.0, None]
    """
    points = sorted(
        (row[quality_name], row["bpp"]) for row in rows if row[quality_name] is not None
    )
    if quality is None or not points or quality > points[-1][0]:
        return None
    qualities, rates = zip(*points, strict=True)
    return math.exp(float(np.interp(quality, qualities, np.log(rates))))
