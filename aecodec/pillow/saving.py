"""`save` Pillow images as `.aec` files, with the options of :func:`aecodec.compress`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import IO, Any

from PIL import Image

import aecodec
from aecodec.codec.sources import with_origin
from aecodec.image_files.frames import iter_frames
from aecodec.image_files.metadata import INFO_KEYS, with_metadata
from aecodec.image_files.reading import from_frames
from aecodec.pillow.errors import errors_as_pillows

_OPTIONS = ("codec", "metadata", *(field.name for field in fields(aecodec.Target)))
"""Options of :func:`aecodec.compress`."""


def save(image: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    """Save the current picture of a loaded image; the name of the file is ignored.

    The image's `encoderinfo`, where Pillow stores the arguments of `save`, may have the options of
    :func:`aecodec.compress`, and `lossless` as for WebP files. Its `exif`, `icc_profile` and `xmp`
    replace the image's metadata, or remove it if they are None; they are kept for pictures of any
    size.

    Raises ImageError (also an OSError) if the image is not supported, UsageError (also a
    ValueError) if options contradict each other or no level of the codec satisfies them, and
    CodecError (also an OSError) if the codec does not exist or is damaged.
    """
    _save(image, [image], file)


def save_all(image: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    """Save all pictures of an image, and of the images in `append_images`, as one file.

    All pictures must have the same size, else an ImageError is raised. If any picture is RGB or has
    alpha, all pictures become RGB or get an alpha plane. The metadata of the first picture is kept.
    Arguments and other errors are as for :func:`save`.
    """
    images = [image, *image.encoderinfo.get("append_images", ())]
    _save(image, iter_frames(images), file)


def _with_changes(
    images: Iterable[Image.Image], options: Mapping[str, Any]
) -> Iterator[Image.Image]:
    """Yield the images with the metadata from the options of `save`."""
    changes = {name: _bytes_of(options[name]) for name in INFO_KEYS.values() if name in options}
    for image in images:
        yield with_metadata(image, changes) if changes else image


def _bytes_of(value: Image.Exif | str | bytes | None) -> bytes | None:
    if isinstance(value, Image.Exif):
        return value.tobytes()
    return value.encode() if isinstance(value, str) else value


def _save(image: Image.Image, frames: Iterable[Image.Image], file: IO[bytes]) -> None:
    options = image.encoderinfo
    chosen = {name: options[name] for name in _OPTIONS if name in options}
    if options.get("lossless"):
        chosen.setdefault("max_error", 0)
    if any(options.get(name) for name in INFO_KEYS.values()):
        chosen.setdefault("metadata", True)
    with errors_as_pillows():
        picture = from_frames(_with_changes(frames, options))
        picture = with_origin(picture, getattr(image, "filename", ""))
        file.write(aecodec.compress(picture, **chosen))
