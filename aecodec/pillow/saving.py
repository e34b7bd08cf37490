"""`save` of Pillow images as `.aec` files, by :func:`aecodec.compress` and with its options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import IO, Any

from PIL import Image

import aecodec
from aecodec.codec.sources import with_origin
from aecodec.image_files.frames import each_frame
from aecodec.image_files.metadata import INFO_KEYS, with_metadata
from aecodec.image_files.reading import from_frame, from_frames
from aecodec.imaging.picture import Picture
from aecodec.pillow.errors import errors_as_pillows

_OPTIONS = ("codec", "metadata", *(field.name for field in fields(aecodec.Target)))
"""Options that :func:`aecodec.compress` has too."""


def save(image: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    """Save the picture that an image shows.

    The image's `encoderinfo`, where Pillow keeps the arguments of its `save`, may have the options
    of :func:`aecodec.compress`, and `exif`, `icc_profile` and `xmp`, which replace or (None) remove
    those of the image. Given ones are kept, however small the picture is.

    Args:
        image: the image, loaded.
        file: what is written to.
        filename: name of the file, which plays no part.

    Raises:
        ImageError: an image of an unsupported kind; it is an OSError too.
        UsageError: options that contradict each other, or that no level of the codec satisfies; it
            is a ValueError too.
        CodecError: there is no such codec, or it is damaged; it is an OSError too.
    """
    with errors_as_pillows():
        changed = next(_with_changes([image], image.encoderinfo))
        _write(_with_origin_of(image, from_frame(changed)), image.encoderinfo, file)


def save_all(image: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    """Save all pictures of an image, and of those in `append_images`, as one file.

    They have to be of one size. Grey ones become RGB, and opaque ones get an alpha plane, if others
    have that; the metadata is that of the first.

    Args:
        image: as for :func:`save`.
        file: as for :func:`save`.
        filename: as for :func:`save`.

    Raises:
        ImageError: as :func:`save`, and pictures that differ in size.
        UsageError: as :func:`save`.
        CodecError: as :func:`save`.
    """
    images = [image, *image.encoderinfo.get("append_images", ())]
    with errors_as_pillows():
        picture = from_frames(_with_changes(each_frame(images), image.encoderinfo))
        _write(_with_origin_of(image, picture), image.encoderinfo, file)


def _with_changes(
    images: Iterable[Image.Image], options: Mapping[str, Any]
) -> Iterator[Image.Image]:
    """The images, each with the metadata that the options of `save` give."""
    changes = {name: _bytes_of(options[name]) for name in INFO_KEYS.values() if name in options}
    for image in images:
        yield with_metadata(image, changes) if changes else image


def _bytes_of(value: Image.Exif | str | bytes | None) -> bytes | None:
    if isinstance(value, Image.Exif):
        return value.tobytes()
    return value.encode() if isinstance(value, str) else value


def _with_origin_of(image: Image.Image, picture: Picture) -> Picture:
    return with_origin(picture, getattr(image, "filename", ""))


def _write(picture: Picture, options: Mapping[str, Any], file: IO[bytes]) -> None:
    chosen = {name: options[name] for name in _OPTIONS if name in options}
    if any(options.get(name) for name in INFO_KEYS.values()):
        chosen.setdefault("metadata", True)
    file.write(aecodec.compress(picture, **chosen))
