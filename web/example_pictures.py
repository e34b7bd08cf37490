"""Sample pictures of the page, with compressed files and the size and PSNR of all levels."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from aecodec import metrics
from aecodec.codec.codec import Codec
from aecodec.data.samples import sample_paths
from aecodec.errors import UsageError, errors_about
from aecodec.image_files.reading import read_image
from aecodec.imaging.picture import Picture, is_grey

PHOTOGRAPH = Path(__file__).parent / "coffee.jpg"
"""The sample photograph, 600x400 pixels: `coffee.png` of scikit-image as JPEG, by Rachel Michetti
(Pikolo Espresso Bar), who gave it to the public domain (CC0)."""

_SHOWN = (".jpeg", ".jpg", ".png", ".webp")
"""Suffixes of image files that every browser shows."""

_THUMBNAIL = 112
"""Side of the thumbnails in pixels."""


@dataclass(frozen=True)
class Sample:
    """A sample picture of the page.

    Attributes:
        path: its image file, in a format that browsers show.
        title: its title.
        is_tile: whether to use only codecs with a fixed tile size for it.
    """

    path: Path
    title: str
    is_tile: bool = False


def sample_pictures(folder: Path | None) -> list[Sample]:
    """The pictures of a folder, sorted by name; without a folder, the built-in samples.

    Raises:
        UsageError: the folder has no pictures that browsers show.
    """
    if folder is None:
        tiles = [Sample(path, _title(path), is_tile=True) for path in sample_paths()]
        return [Sample(PHOTOGRAPH, _title(PHOTOGRAPH)), *tiles]
    files = (path for path in folder.iterdir() if path.is_file())
    paths = sorted(path for path in files if path.suffix.lower() in _SHOWN)
    if not paths:
        raise UsageError(f"{folder}: no pictures that browsers show: {', '.join(_SHOWN)}")
    return [Sample(path, _title(path)) for path in paths]


def _title(path: Path) -> str:
    """The title of a picture, from its file name.

    >>> _title(Path("digit3.png")), _title(Path("old_mill.jpg"))
    ('Digit 3', 'Old mill')
    """
    words = re.sub(r"(?<=[a-z])(?=\d)", " ", path.stem.replace("_", " ").replace("-", " "))
    return words[:1].upper() + words[1:]


def sample_files(
    samples: Sequence[Sample], codecs: Sequence[Codec]
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """The entries of samples in the page's index, and the files of the samples by path.

    Each sample has a compressed file at the default level, so that a first visit does not need an
    encoder.

    Args:
        samples: the pictures. Pictures that suit none of the codecs are left out.
        codecs: the codecs of the page. The first one that suits a picture is used.

    Raises:
        ImageError: a sample cannot be read.
    """
    entries: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    for sample in samples:
        with errors_about(sample.path):
            picture = read_image(sample.path)
        codec = _codec_of(sample, picture, codecs)
        if codec is None:
            continue
        name = sample.path.name
        file, small = f"{name}.aec", f"thumbnails/{name}.jpg"
        files[name] = sample.path.read_bytes()
        with Image.open(sample.path) as image:
            files[small] = thumbnail(ImageOps.exif_transpose(image))
        files[file] = codec.compress(picture)
        entries.append({**_known(sample, picture, codec), "file": file, "thumbnail": small})
    return entries, files


def _codec_of(sample: Sample, picture: Picture, codecs: Sequence[Codec]) -> Codec | None:
    """The codec whose tile is the picture, or else a codec for any size; None if there is none.

    A grey codec with the size of a colour picture is used only if there is no codec for any size.
    Codecs that only decompress are never used. `compare_page.js` has the same rule for pictures of
    visitors.
    """
    encoders = [codec for codec in codecs if codec.folder.compresses]
    any_size = [codec for codec in encoders if codec.spec.receptive_field and not sample.is_tile]
    tiles = [codec for codec in encoders if not codec.spec.receptive_field]
    same_size = [codec for codec in tiles if codec.spec.tile == picture.size[::-1]]
    grey = is_grey(picture.pixels)
    same_mode = [codec for codec in same_size if codec.spec.channels == 3 or grey]
    return next(iter([*same_mode, *any_size, *same_size]), None)


def thumbnail(image: Image.Image) -> bytes:
    """The middle of a picture as a small square JPEG file."""
    content = io.BytesIO()
    fitted = ImageOps.fit(image.convert("RGB"), (_THUMBNAIL, _THUMBNAIL), Image.Resampling.BOX)
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
    restored = codec.decoder.decompress_picture(data)
    psnr = metrics.psnr(metrics.mse(picture.pixels, restored.pixels))
    return {"level": level, "bytes": len(data), "psnr": round(psnr, 2)}
