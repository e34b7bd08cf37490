"""The smallest files of image formats with the quality of a codec's levels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from aecodec.codec.codec import Codec
from aecodec.datasets.evaluation_set import Sample
from aecodec.evaluation.evaluate import (
    Coder,
    Values,
    codec_coder,
    format_coder,
    mean_values,
    measure_samples,
)
from aecodec.evaluation.formats import COMPARED_FORMATS, PillowFormat, last_where
from aecodec.imaging.picture import Picture


class Standing(NamedTuple):
    """A level of a codec among image formats of the same quality.

    Attributes:
        values: measurements of the level; see :func:`~aecodec.evaluation.evaluate.mean_values`.
        rivals: measurements of each format's smallest files with at least the level's quality, by
            the format's title; None if its best quality is below.
    """

    values: Values
    rivals: dict[str, Values | None]


class FormatComparison:
    """Measurements of a codec's levels and of image formats on the same pictures.

    Formats that are not installed are left out.

    Args:
        codec: a codec with both halves.
        pictures: one or more pictures.
        ssimulacra2: whether to measure SSIMULACRA2, which needs its package.
    """

    def __init__(
        self, codec: Codec, pictures: Sequence[Picture], *, ssimulacra2: bool = False
    ) -> None:
        self._samples = [Sample(p, p.raw_size, str(n)) for n, p in enumerate(pictures)]
        self._ssimulacra2 = ssimulacra2
        levels = range(1, len(codec.spec.levels) + 1)
        self._levels = [self._measured(codec_coder(codec, level)) for level in levels]
        formats = [image_format for image_format in COMPARED_FORMATS if image_format.is_installed]
        self._formats = [(image_format, dict[int, Values]()) for image_format in formats]

    def standings(self, measure: str) -> Iterator[Standing]:
        """Compare each level with the formats at equal quality, beginning with level 1.

        The `measure` of quality is `psnr` or `ssimulacra2`.
        """
        for row in self._levels:
            least = _quality(row, measure)
            rivals = {
                image_format.title: self._smallest(image_format, rows, measure, least)
                for image_format, rows in self._formats
            }
            yield Standing(row, rivals)

    def curves(self, measure: str) -> dict[str, list[tuple[float, float]]]:
        """Points of (bits per pixel, quality) of the codec and of the formats, by name."""
        titled = [(image_format.title, [*rows.values()]) for image_format, rows in self._formats]
        named = {self._levels[0]["codec"]: self._levels, **dict(titled)}
        return {
            name: sorted((row["bpp"], row[measure]) for row in rows if row[measure] is not None)
            for name, rows in named.items()
        }

    def _smallest(
        self, image_format: PillowFormat, rows: dict[int, Values], measure: str, least: float
    ) -> Values | None:
        """The format's measurements at its lowest sufficient quality; `rows` are those known."""

        def is_below(quality: int) -> bool:
            if quality not in rows:
                rows[quality] = self._measured(format_coder(image_format, quality))
            return _quality(rows[quality], measure) < least

        below = last_where(range(image_format.best + 1), is_below)
        return rows.get(0 if below is None else below + 1)

    def _measured(self, coder: Coder) -> Values:
        rows = measure_samples(coder, self._samples, ssimulacra2=self._ssimulacra2)
        return mean_values(list(rows))


def _quality(row: Values, measure: str) -> float:
    """A quality, which is infinite if it is not a finite number."""
    return math.inf if row[measure] is None else float(row[measure])
