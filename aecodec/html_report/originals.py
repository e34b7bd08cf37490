"""Pictures as a report measures them: one frame, sRGB, without alpha and without metadata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from aecodec.arrays import Pixels
from aecodec.datasets.evaluation_set import Sample
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.picture import grey_if_possible, without_channel_axis


class Original(NamedTuple):
    """A picture before compression.

    Attributes:
        name: its name in the data set.
        source_size: its size in the data set in bytes.
        pixels: (H, W) or (H, W, 3) uint8; pictures without colours are grey.
    """

    name: str
    source_size: int
    pixels: Pixels


def originals(samples: Iterable[Sample]) -> Iterator[Original]:
    """The first frame of each picture, as every format is given it."""
    for sample in samples:
        picture = grey_if_possible(in_kept_colours(sample.picture, {}))
        pixels = without_channel_axis(picture.pixels[0])
        yield Original(sample.name, sample.source_size, pixels)
