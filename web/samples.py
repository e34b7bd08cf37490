"""Sample pictures of a page, each with a file and with what its other files would weigh."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aecodec import metrics
from aecodec.codec.codec import Codec
from aecodec.image_files.reading import read_image
from aecodec.imaging.picture import Picture, is_grey

_SMALL = 256
"""Sides in pixels below which a picture is shown enlarged, with its pixels to be seen."""


@dataclass(frozen=True)
class Sample:
    """A picture that a page begins with.

    Attributes:
        path: its image file, which browsers can show.
        title: what it is called.
    """

    path: Path
    title: str

    def picture(self) -> Picture:
        """Its pixels.

        Raises:
            ImageError: it is not a picture that can be read.
        """
        return read_image(io.BytesIO(self.path.read_bytes()))


def sample_files(
    samples: Sequence[Sample], codecs: Sequence[Codec]
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Samples as a page has them: what it knows of each, and the files.

    A file at the default level is there, so that a first visit needs no encoder.

    Args:
        samples: the pictures; those that suit no codec are left out.
        codecs: the page's codecs, of which the first that suits is taken.

    Raises:
        ImageError: a sample cannot be read.
    """
    entries: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    for sample in samples:
        picture = sample.picture()
        codec = suited_codec(picture, codecs)
        if codec is None:
            continue
        file = f"{sample.path.stem}.aec"
        files[sample.path.name] = sample.path.read_bytes()
        files[file] = codec.compress(picture)
        entries.append({**_known(sample, picture, codec), "file": file})
    return entries, files


def suited_codec(picture: Picture, codecs: Sequence[Codec]) -> Codec | None:
    """The codec for pictures of exactly this size, or else one for any size; None if there is none.

    A grey codec suits grey pictures alone.
    """
    for codec in codecs:
        is_one_tile = codec.spec.tile == picture.size[::-1] and not codec.spec.receptive_field
        if is_one_tile and (codec.spec.channels == 3 or is_grey(picture.pixels)):
            return codec
    is_tiny = max(picture.size) < _SMALL
    return next((each for each in codecs if each.spec.receptive_field and not is_tiny), None)


def _known(sample: Sample, picture: Picture, codec: Codec) -> dict[str, Any]:
    return {
        "title": sample.title,
        "picture": sample.path.name,
        "isSmall": max(picture.size) < _SMALL,
        "codec": codec.spec.codec_id.hex(),
        "level": codec.spec.default_level,
        "levels": [_measured(picture, codec, n + 1) for n in range(len(codec.spec.levels))],
    }


def _measured(picture: Picture, codec: Codec, level: int) -> dict[str, Any]:
    data = codec.compress(picture, level=level)
    restored = np.asarray(codec.decompress(data).pixels)
    psnr = metrics.psnr(metrics.mse(picture.pixels, restored))
    return {"level": level, "bytes": len(data), "psnr": round(psnr, 2)}
