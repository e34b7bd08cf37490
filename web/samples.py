"""Sample pictures of a page, each with its compressed file and the bytes and PSNR of all levels."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from aecodec import metrics
from aecodec.codec.codec import Codec
from aecodec.data.samples import sample_paths
from aecodec.errors import UsageError
from aecodec.image_files.reading import read_image
from aecodec.imaging.picture import Picture, is_grey

PHOTOGRAPH = Path(__file__).parent / "coffee.jpg"
"""The sample photograph, 600x400 pixels: `coffee.png` of scikit-image as JPEG, by Rachel Michetti
(Pikolo Espresso Bar), who gave it to the public domain (CC0)."""

_SHOWN = (".jpeg", ".jpg", ".png", ".webp")
"""Endings of picture files that every browser shows."""

_THUMBNAIL = 112
"""Side of the small pictures in pixels."""


@dataclass(frozen=True)
class Sample:
    """A picture that a page begins with.

    Attributes:
        path: its image file, which browsers can show.
        title: what it is called.
        is_tile: whether only codecs of single tiles are used for it.
    """

    path: Path
    title: str
    is_tile: bool = False

    def picture(self) -> Picture:
        """Read the picture.

        Raises:
            ImageError: it is not a picture that can be read.
        """
        return read_image(io.BytesIO(self.path.read_bytes()))


def found_samples(folder: Path | None) -> list[Sample]:
    """The pictures of a folder, sorted by name; those that ship if it is None.

    Raises:
        UsageError: the folder holds no picture that browsers show, or one whose name no address can
            have.
    """
    if folder is None:
        tiles = [Sample(each, _title(each), is_tile=True) for each in sample_paths()]
        return [Sample(PHOTOGRAPH, _title(PHOTOGRAPH)), *tiles]
    files = (each for each in folder.iterdir() if each.is_file())  # a pipe would never end
    paths = sorted(each for each in files if each.suffix.lower() in _SHOWN)
    for path in paths:
        _check_name(path)
    if not paths:
        raise UsageError(f"{folder}: no picture of a kind that browsers show: {', '.join(_SHOWN)}")
    return [Sample(each, _title(each)) for each in paths]


def _check_name(path: Path) -> None:
    try:
        path.name.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{path}: addresses have names in UTF-8 alone; rename it") from error


def _title(path: Path) -> str:
    """What a picture is called, by the name of its file.

    >>> _title(Path("digit3.png")), _title(Path("old_mill.jpg"))
    ('Digit 3', 'Old mill')
    """
    words = re.sub(r"(?<=[a-z])(?=\d)", " ", path.stem.replace("_", " ").replace("-", " "))
    return words[:1].upper() + words[1:]


def sample_files(
    samples: Sequence[Sample], codecs: Sequence[Codec]
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """The entries of samples in a page's index, and their files.

    Each sample has a file at the default level, so that a first visit needs no encoder.

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
        codec = _codec_of(sample, picture, codecs)
        if codec is None:
            continue
        name = sample.path.name
        file, thumbnail = f"{name}.aec", f"thumbnails/{name}.jpg"
        files[name] = sample.path.read_bytes()
        files[thumbnail] = _thumbnail(sample.path)
        files[file] = codec.compress(picture)
        entries.append({**_known(sample, picture, codec), "file": file, "thumbnail": thumbnail})
    return entries, files


def left_out(samples: Sequence[Sample], codecs: Sequence[Codec]) -> list[str]:
    """Names of the samples that suit none of the codecs, which a page is without.

    Raises:
        ImageError: a sample cannot be read.
    """
    return [each.path.name for each in samples if _codec_of(each, each.picture(), codecs) is None]


def _codec_of(sample: Sample, picture: Picture, codecs: Sequence[Codec]) -> Codec | None:
    """The codec of a sample; None if it suits none."""
    usable = [each for each in codecs if not (sample.is_tile and each.spec.receptive_field)]
    return suited_codec(picture, usable)


def suited_codec(picture: Picture, codecs: Sequence[Codec]) -> Codec | None:
    """The codec for pictures of exactly this size, or else one for any size; None if there is none.

    A grey codec of this size suits other pictures only if there is none for any size. One that only
    decompresses suits none. The page has the same rule for what a visitor opens (`page.js`).
    """
    able = [each for each in codecs if each.folder.compresses]
    whole = [
        each
        for each in able
        if not each.spec.receptive_field and each.spec.tile == picture.size[::-1]
    ]
    fitting = [each for each in whole if each.spec.channels == 3 or is_grey(picture.pixels)]
    for_any_size = [each for each in able if each.spec.receptive_field]
    return next(iter([*fitting, *for_any_size, *whole]), None)


def _thumbnail(path: Path) -> bytes:
    content = io.BytesIO()
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
        fitted = ImageOps.fit(upright, (_THUMBNAIL, _THUMBNAIL), Image.Resampling.BOX)
    fitted.save(content, "JPEG", quality=85)
    return content.getvalue()


def _known(sample: Sample, picture: Picture, codec: Codec) -> dict[str, Any]:
    return {
        "title": sample.title,
        "picture": sample.path.name,
        "codec": codec.spec.codec_id.hex(),
        "level": codec.spec.default_level,
        "levels": [_measured(picture, codec, n + 1) for n in range(len(codec.spec.levels))],
    }


def _measured(picture: Picture, codec: Codec, level: int) -> dict[str, Any]:
    data = codec.compress(picture, level=level)
    restored = np.asarray(codec.decompress(data)).reshape(picture.pixels.shape)
    psnr = metrics.psnr(metrics.mse(picture.pixels, restored))
    return {"level": level, "bytes": len(data), "psnr": round(psnr, 2)}
