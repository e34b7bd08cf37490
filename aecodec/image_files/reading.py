"""Image files and Pillow images to pictures, with one explicit rule for each kind.

`docs/pictures.md` is the table of the rules.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from PIL import ExifTags, Image

from aecodec.errors import ImageError
from aecodec.format.instruction import Origin
from aecodec.image_files import depth, metadata, modes
from aecodec.image_files.frames import each_frame, frames_in, joined, note_left_out_frames
from aecodec.image_files.notes import Notes
from aecodec.image_files.opening import check_pixels, opened
from aecodec.image_files.options import Frames, ReadOptions
from aecodec.imaging.picture import Picture
from aecodec.urls import Url

_DEFAULT = ReadOptions()


def read_image(
    source: Path | IO[bytes], options: ReadOptions = _DEFAULT, name: str = ""
) -> Picture:
    """Read an image file in any format that Pillow opens.

    An :class:`~aecodec.errors.AecodecWarning` names what is not kept.

    Args:
        source: path of the file, or the file opened for reading bytes.
        options: what is accepted.
        name: with which warnings begin; empty where their reader knows the file.

    Raises:
        ImageError: the file cannot be read, has too many pixels, or holds an image of a kind that
            is not accepted.
    """
    with opened(source, options) as image:
        return _picture_of(image, options, Notes(name))


def size_of(source: Path) -> tuple[int, int]:
    """(width, height) in pixels that an image file states; its pixels are not read.

    Raises:
        ImageError: it cannot be opened, or has too many pixels.
    """
    with opened(source, _DEFAULT) as image:
        return image.size


def origin_of(path: Path) -> Origin | None:
    """Ending and time of a file, if an `.aec` file can keep them."""
    try:
        modified = path.modified() if isinstance(path, Url) else path.stat().st_mtime
    except (OSError, ValueError):  # standard input, or a file that has gone meanwhile
        return None
    origin = Origin(path.suffix, math.floor(modified))
    return origin if origin.can_be_kept else None


def from_pil(image: Image.Image, options: ReadOptions = _DEFAULT) -> Picture:
    """Make a picture of a Pillow image.

    L, LA, RGB and RGBA are taken as they are; 1 and P become the grey or RGB values that they
    stand for; a transparent colour becomes an alpha plane. CMYK and other colour spaces are
    converted to sRGB by their colour profile if they have one, with a warning. EXIF orientation is
    applied. An :class:`~aecodec.errors.AecodecWarning` names what is not kept.

    Args:
        image: the image.
        options: what is accepted.

    Raises:
        ImageError: the image has channels of more than 8 bits, which the options do not accept;
            its frames differ in size, or are too many; or it is damaged.

    >>> from_pil(Image.new("P", (3, 2))).mode.name
    'RGB'
    >>> int(from_pil(Image.new("I;16", (3, 2), 65535), ReadOptions(depth=8)).pixels.max())
    255
    """
    return _picture_of(image, options, Notes())


def _picture_of(image: Image.Image, options: ReadOptions, notes: Notes) -> Picture:
    with _read_errors():
        picture = _frames_of(image, options, notes)
    notes.warn()
    return picture


def from_frame(image: Image.Image) -> Picture:
    """Make a picture of the frame that a Pillow image shows, as :func:`from_pil` does.

    Raises:
        ImageError: as :func:`from_pil`.
    """
    notes = Notes()
    with _read_errors():
        picture = _frame_of(image, _DEFAULT, notes)
    notes.warn()
    return picture


def from_frames(frames: Iterable[Image.Image]) -> Picture:
    """Make one picture of several frames, as :func:`from_pil` does of the frames of one image.

    Any number of pixels is accepted.

    Args:
        frames: the frames; the image that shows all of them may be the same, as in what
            :func:`~aecodec.image_files.frames.each_frame` yields.

    Raises:
        ImageError: as :func:`from_pil`.

    >>> from_frames([Image.new("L", (3, 2)), Image.new("RGB", (3, 2))]).pixels.shape
    (2, 2, 3, 3)
    """
    notes = Notes()
    with _read_errors():
        picture = _joined(frames, _DEFAULT, notes)
    notes.warn()
    return picture


@contextmanager
def _read_errors() -> Iterator[None]:
    """Raise errors of the block as ImageErrors."""
    try:
        yield
    except ImageError:
        raise
    except Exception as error:  # Pillow's plugins raise many types of errors for damaged files
        raise ImageError(f"cannot be read as an image: {error}") from error


def _frames_of(image: Image.Image, options: ReadOptions, notes: Notes) -> Picture:
    count = frames_in(image)
    if count < 2:
        return _frame_of(image, options, notes)
    if options.frames is Frames.FIRST:
        note_left_out_frames(count, notes)
        return _frame_of(image, options, notes)
    check_pixels(image.size, count, options)
    return _joined(each_frame([image]), options, notes)


def _joined(frames: Iterable[Image.Image], options: ReadOptions, notes: Notes) -> Picture:
    found, durations = [], []
    for frame in frames:
        found.append(_frame_of(frame, options, notes))
        durations.append(frame.info.get("duration"))
    if len(found) == 1:
        return found[0]
    if any(durations):
        notes.add("the durations of its frames are not kept")
    return joined(found, notes)


def _frame_of(image: Image.Image, options: ReadOptions, notes: Notes) -> Picture:
    largest = depth.largest_value(image)
    if largest != 255 and options.depth is None:
        raise ImageError(_depth_text(image, largest))
    metadata.note_colour_coding(image, notes)
    image.load()
    upright = _upright(image, notes)
    kept = metadata.metadata_of(upright, notes)
    metadata.note_left_out(image, kept, notes)
    shallow = upright if largest == 255 else depth.to_8_bits(upright, largest, notes)
    return modes.to_picture(shallow, kept, notes)


def _depth_text(image: Image.Image, largest: int | None) -> str:
    bits = "32 bits or floats" if largest is None else f"{largest.bit_length()}"
    return (
        f"mode {image.mode} with more than 8 bits per channel ({bits}): compress --depth 8 accepts "
        "it, and scales it to 8 bits (from Python, ReadOptions)"
    )


def _upright(image: Image.Image, notes: Notes) -> Image.Image:
    """The image turned as its EXIF orientation says; EXIF that cannot be read is left out."""
    orientation = _orientation(image, notes)
    if orientation not in range(2, 9):
        return image
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception as error:  # Pillow writes the other tags again, and not all types are known
        notes.add(f"not kept: its EXIF, as it is damaged ({error})")
    plain, exif = image.copy(), Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    plain.info["exif"] = exif.tobytes()
    upright = ImageOps.exif_transpose(plain)
    metadata.remove_exif(upright)
    return upright


def _orientation(image: Image.Image, notes: Notes) -> Any:
    try:
        return image.getexif().get(ExifTags.Base.Orientation)
    except Exception as error:  # Pillow raises many types of errors for damaged EXIF
        notes.add(f"not kept: its EXIF, as it is damaged ({error})")
        metadata.remove_exif(image)
        return None
