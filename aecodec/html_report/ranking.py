"""Which pictures a codec does worst on, and by which measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from aecodec.evaluation.scores import Score

_MEASURES = ("ssimulacra2", "ms_ssim", "psnr")
"""Measures by which pictures are ranked, the best judge first."""


class Ranking(NamedTuple):
    """Pictures in the order of their quality.

    Attributes:
        measure: name of the measure, an attribute of :class:`~aecodec.evaluation.scores.Score`.
        worst_first: the numbers of the pictures.
    """

    measure: str
    worst_first: list[int]


def rank(scores: Sequence[Score]) -> Ranking:
    """Rank pictures by the first measure that all of them have.

    >>> good, poor = Score(9, 784, 4.0, 0.99, math.nan), Score(9, 784, 9.0, 0.95, math.nan)
    >>> rank([good, poor])
    Ranking(measure='ms_ssim', worst_first=[1, 0])
    """
    measure = next(name for name in _MEASURES if not _has_gaps(scores, name))
    order = sorted(range(len(scores)), key=lambda number: float(getattr(scores[number], measure)))
    return Ranking(measure, order)


def _has_gaps(scores: Sequence[Score], measure: str) -> bool:
    return any(math.isnan(getattr(score, measure)) for score in scores)
