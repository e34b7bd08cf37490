"""Rate-distortion curves of a codec and of other formats over several pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from aecodec.codec.codec import Codec
from aecodec.evaluation.equal_bytes import OURS
from aecodec.evaluation.formats import PillowFormat
from aecodec.evaluation.scores import RoundTrip, round_trip_at


class Setting(NamedTuple):
    """A setting of a format, which gives one point of its curve.

    Attributes:
        format: title of the format.
        name: what is set, such as `level 3`.
        round_trip: pictures through files of the format at this setting.
    """

    format: str
    name: str
    round_trip: RoundTrip


class Point(NamedTuple):
    """A point of a curve.

    Attributes:
        format: title of the format.
        setting: what is set, such as `level 3`.
        scores: means over all pictures, as :func:`~aecodec.evaluation.scores.mean_score` gives.
    """

    format: str
    setting: str
    scores: dict[str, float]


def settings_of(codec: Codec, others: Sequence[PillowFormat]) -> list[Setting]:
    """All levels of a codec, then every other of the qualities of other formats.

    >>> from aecodec.codec.registry import load_codec
    >>> [setting.name for setting in settings_of(load_codec("digits"), [])]
    ['level 1', 'level 2', 'level 3']
    """
    levels = range(1, len(codec.spec.levels) + 1)
    ours = [Setting(OURS, f"level {each}", round_trip_at(codec, each)) for each in levels]
    theirs = [
        Setting(other.title, f"quality {each}", other.at_quality(each).round_trip)
        for other in others
        for each in other.qualities[::2]
    ]
    return ours + theirs
