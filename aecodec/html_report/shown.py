"""One picture of a report, in files of all formats: what they measure, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aecodec.arrays import Pixels
from aecodec.codec.codec import Codec
from aecodec.evaluation.equal_bytes import File, files_at
from aecodec.evaluation.formats import AVIF, WEBP, PillowFormat
from aecodec.evaluation.scores import Score, score_of
from aecodec.html_report.embedding import Embedded, embed_file, embed_pixels, middle
from aecodec.html_report.originals import Original

_BY_BROWSERS = {each.title: each for each in (WEBP, AVIF)}
"""Formats whose files browsers show."""


@dataclass(frozen=True)
class ShownFile:
    """A file of one format.

    Attributes:
        title: name of the format.
        score: rate and distortion of the file.
        embedded: what the page shows of it.
    """

    title: str
    score: Score
    embedded: Embedded


@dataclass(frozen=True)
class ShownPicture:
    """A picture before and after compression.

    Attributes:
        name: its name in the data set.
        source_size: its size in the data set in bytes.
        size: its width and height in pixels.
        part: left, top, width and height of what is shown of it.
        original: what the page shows of the original.
        files: the codec's file, then those of other formats.
    """

    name: str
    source_size: int
    size: tuple[int, int]
    part: tuple[int, int, int, int]
    original: Embedded
    files: list[ShownFile]


@dataclass(frozen=True)
class Showing:
    """How pictures are compressed and shown.

    Attributes:
        codec: a codec with both halves.
        level: level to compress at, 1 and up; the codec's default if None.
        others: the other formats.
        ssimulacra2: measure SSIMULACRA2 too.
        lossless: embed decoded pixels without loss, however many they are.
    """

    codec: Codec
    level: float | None
    others: Sequence[PillowFormat]
    ssimulacra2: bool
    lossless: bool

    def show(self, original: Original) -> ShownPicture:
        """Compress a picture in all formats, measure the files, and embed them.

        Raises:
            ImageError: the codec does not take such pictures.
        """
        pixels = original.pixels
        rows, columns = middle(pixels)
        height, width = pixels[rows, columns].shape[:2]
        files = files_at(self.codec, pixels, self.level, self.others)
        return ShownPicture(
            name=original.name,
            source_size=original.source_size,
            size=(pixels.shape[1], pixels.shape[0]),
            part=(columns.start, rows.start, width, height),
            original=embed_pixels(pixels[rows, columns], lossless=self.lossless),
            files=[self._shown(pixels, file) for file in files],
        )

    def _shown(self, pixels: Pixels, file: File) -> ShownFile:
        score = score_of(pixels, file.size, file.decoded, ssimulacra2=self.ssimulacra2)
        return ShownFile(file.title, score, self._embedded(file))

    def _embedded(self, file: File) -> Embedded:
        place = middle(file.decoded)
        part = file.decoded[place]
        kind = _BY_BROWSERS.get(file.title)
        if kind and part.shape == file.decoded.shape:
            return embed_file(kind, file.content)
        return embed_pixels(part, lossless=self.lossless)
