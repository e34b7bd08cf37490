"""All that a report shows, measured: curves over all pictures, and the worst of them in full."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aecodec import metrics
from aecodec.codec.codec import Codec
from aecodec.datasets.evaluation_set import Sample
from aecodec.errors import AecodecError, ImageError
from aecodec.evaluation.equal_bytes import OURS
from aecodec.evaluation.formats import OTHERS, PillowFormat
from aecodec.evaluation.scores import Score, mean_score, round_trip_at, score_of
from aecodec.format.container import LEVEL_UNITS
from aecodec.html_report.curves import Point, Setting, settings_of
from aecodec.html_report.originals import originals
from aecodec.html_report.ranking import rank
from aecodec.html_report.shown import Showing, ShownPicture

Samples = Callable[[str], Iterable[Sample]]
"""Iterates over all pictures anew; takes the title of what is done with them."""

_NO_SSIMULACRA2 = "SSIMULACRA2 is left out: pip install 'aecodec[report]' adds it"


@dataclass(frozen=True)
class Wanted:
    """What a report shows.

    Attributes:
        level: level of the pictures, 1 and up; the codec's default if None.
        shown: number of pictures that are shown, the worst ones.
        ssimulacra2_curves: measure SSIMULACRA2 for the curves too.
        lossless: embed decoded pixels without loss, however many they are.
    """

    level: float | None = None
    shown: int = 24
    ssimulacra2_curves: bool = False
    lossless: bool = False


@dataclass(frozen=True)
class Content:
    """What a page says.

    Attributes:
        codec: the codec.
        level: level of the pictures, 1 and up.
        measured: number of pictures that were measured.
        curves: points of all formats.
        ranked_by: name of the measure by which the worst pictures were found.
        pictures: the worst pictures, the worst first.
        missing: sentences about what is left out, and how to install it.
    """

    codec: Codec
    level: float
    measured: int
    curves: list[Point]
    ranked_by: str
    pictures: list[ShownPicture]
    missing: list[str]


@dataclass(frozen=True)
class Measuring:
    """A codec, the pictures that it is measured on, and what is wanted of them.

    Attributes:
        codec: a codec with both halves.
        samples: the pictures; they are read once for each point of the curves.
        wanted: what the report shows.
    """

    codec: Codec
    samples: Samples
    wanted: Wanted

    def content(self) -> Content:
        """Measure the codec and the other formats, and show the worst pictures.

        Raises:
            ImageError: there are no pictures.
            UsageError: the codec has no such level.
        """
        level = self.codec.spec.level_index(self.wanted.level) / LEVEL_UNITS
        at_level = Setting(OURS, f"level {level:g}", round_trip_at(self.codec, level))
        scores = self._scores(at_level, ssimulacra2=_has_ssimulacra2())
        ranking = rank(scores)
        return Content(
            codec=self.codec,
            level=level,
            measured=len(scores),
            curves=self._curves(),
            ranked_by=ranking.measure,
            pictures=self._pictures(level, ranking.worst_first[: self.wanted.shown]),
            missing=missing(),
        )

    def _curves(self) -> list[Point]:
        scored = _has_ssimulacra2() and self.wanted.ssimulacra2_curves
        return [
            Point(each.format, each.name, mean_score(self._scores(each, ssimulacra2=scored)))
            for each in settings_of(self.codec, _others())
        ]

    def _scores(self, setting: Setting, *, ssimulacra2: bool) -> list[Score]:
        title = f"{setting.format}, {setting.name}"
        scores = [
            score_of(pixels, *setting.round_trip(pixels), ssimulacra2=ssimulacra2)
            for _, _, pixels in originals(self.samples(title))
        ]
        if not scores:
            raise ImageError("no picture of this data set can be read")
        return scores

    def _pictures(self, level: float, chosen: Sequence[int]) -> list[ShownPicture]:
        """The pictures of these numbers, in their order."""
        showing = Showing(self.codec, level, _others(), _has_ssimulacra2(), self.wanted.lossless)
        shown = {
            number: showing.show(original)
            for number, original in enumerate(originals(self.samples("the worst pictures")))
            if number in chosen
        }
        return [shown[number] for number in chosen if number in shown]


def missing() -> list[str]:
    """Sentences about what a report leaves out here, and how to install it."""
    absent = [each for each in OTHERS if not each.is_installed]
    formats = [f"{each.title} is left out: pip install '{each.package}' adds it" for each in absent]
    return formats if _has_ssimulacra2() else [*formats, _NO_SSIMULACRA2]


def _others() -> list[PillowFormat]:
    return [each for each in OTHERS if each.is_installed]


def _has_ssimulacra2() -> bool:
    try:
        metrics.check_ssimulacra2()
    except AecodecError:
        return False
    return True
