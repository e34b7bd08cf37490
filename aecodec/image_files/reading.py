"""Convert image files and Pillow images to pictures, by the rules of `docs/pictures.md`."""

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import ExifTags, Image

from aecodec.base.errors import AecodecError, ImageError, Notes, warn
from aecodec.format.container import MetadataKind
from aecodec.format.origin import Origin
from aecodec.image_files import metadata, modes
from aecodec.image_files.colour import in_kept_colours
from aecodec.image_files.opening import opened
from aecodec.image_files.options import Frames, ReadOptions
from aecodec.image_files.tiff_directories import GEOREFERENCE, directories
from aecodec.imaging.array_pictures import is_mostly_translucent
from aecodec.imaging.picture import ANY_CODEC, Picture, stack

_DEFAULT = ReadOptions()


def read_image(
    source: Path | IO[bytes], options: ReadOptions = _DEFAULT, name: str = ""
) -> Picture:
    """Read an image file in any format that Pillow supports, by its path or opened in binary mode.

    An :class:`~aecodec.AecodecWarning`, which begins with `name`, lists properties that are not
    kept. Raises ImageError if the file cannot be read, has too many pixels, or needs different
    options.
    """
    with noting(name) as notes, opened(source, options, notes) as image:
        return _frames_of(image, options, notes)


def size_of(source: Path) -> tuple[int, int]:
    """Read (width, height) in pixels from the header of an image file.

    Raises ImageError if the file cannot be opened, or has too many pixels.
    """
    with noting(warns=False) as notes, opened(source, _DEFAULT, notes) as image:
        return image.size


def warn_of_sidecars(path: Path, prefix: str = "") -> None:
    """Warn about files next to an image that contain its mask, overviews, metadata or map position.

    The warnings begin with the prefix.
    """
    if not path.suffix:
        return
    world = path.with_suffix(path.suffix[:2] + path.suffix[-1] + "w")
    files = [path.with_name(path.name + suffix) for suffix in (".msk", ".ovr", ".aux.xml")]
    for file in filter(os.path.exists, [*files, world]):
        warn(f"{prefix}aecodec ignores the file {file.name} next to it")


def origin_of(path: Path) -> Origin | None:
    """Extension and time of a file; None if `.aec` files cannot store them."""
    try:
        modified = path.stat().st_mtime
    except (OSError, ValueError):  # standard input, a URL, or a file that was just deleted
        return None
    origin = Origin(path.suffix, math.floor(modified))
    return origin if origin.can_be_kept else None


def from_pil(image: Image.Image, options: ReadOptions = _DEFAULT) -> Picture:
    """Make a picture from a Pillow image.

    `docs/pictures.md` describes the conversion of each mode. An :class:`~aecodec.AecodecWarning`
    lists properties that are not kept. Raises ImageError if the image is damaged, has channels with
    more than 8 bits and `depth` is not set, or has frames of different sizes or too many pixels.

    >>> from_pil(Image.new("P", (3, 2))).mode.name
    'RGB'
    """
    with noting() as notes:
        return _frames_of(image, options, notes)


def from_frames(frames: Iterable[Image.Image]) -> Picture:
    """Make one picture from several frames, like :func:`from_pil`, but with any number of pixels.

    The frames may be one image with changing current frames, as from :func:`iter_frames`.
    """
    with noting() as notes:
        return _all_frames(frames, _DEFAULT, notes)


@contextmanager
def noting(name: str = "", *, warns: bool = True) -> Iterator[Notes]:
    """Convert errors of the block to ImageErrors, and report its notes if it succeeds."""
    notes = Notes(name)
    try:
        yield notes
    except AecodecError:
        raise
    except Exception as error:  # packages raise many types of errors for damaged files
        raise ImageError(f"the image cannot be read: {error}") from error
    if warns:
        notes.warn()


def _frames_of(image: Image.Image, options: ReadOptions, notes: Notes) -> Picture:
    count = frames_in(image)
    if count < 2 or options.frames is Frames.FIRST:
        if count > 1:
            notes.add(
                f"aecodec uses only the first of its {count} frames (to keep all, use compress "
                "--frames all or, in Python, ReadOptions)"
            )
        return _frame_of(image, options, notes)
    options.check_pixels(image.size, count)
    return _all_frames(iter_frames([image]), options, notes)


def _all_frames(frames: Iterable[Image.Image], options: ReadOptions, notes: Notes) -> Picture:
    pictures, durations = [], []
    for frame in frames:
        pictures.append(_frame_of(frame, options, notes))
        durations.append(frame.info.get("duration"))
    if len(pictures) == 1:
        return pictures[0]
    if any(durations):
        notes.add("aecodec drops the durations of its frames")
    return _joined(pictures, notes)


def _frame_of(image: Image.Image, options: ReadOptions, notes: Notes) -> Picture:
    modes.check_channels(image)
    largest = modes.largest_value(image)
    modes.note_scale(image, notes)
    if largest is None or (largest != 255 and options.depth is None):
        raise ImageError(_depth_text(image, largest))
    metadata.note_colour_coding(image, notes)
    image.load()
    upright = _upright(image, notes)
    entries = metadata.metadata_of(upright, notes)
    if options.names_dropped:
        metadata.note_dropped(image, entries, notes)
    scaled = upright if largest == 255 else modes.to_8_bits(upright, largest, notes)
    picture = modes.to_picture(scaled, entries, notes)
    is_scene = GEOREFERENCE & set(getattr(image, "tag_v2", ()))
    if is_scene and picture.alpha is not None and is_mostly_translucent(picture.alpha):
        notes.add("its last channel is stored as alpha, as its tags state, but looks like a band")
    return picture


def _depth_text(image: Image.Image, largest: int | None) -> str:
    bits = "32-bit or float" if largest is None else f"{largest.bit_length()}-bit"
    advice = ANY_CODEC
    if image.mode not in modes.DEEP_MODES and image.format != "TIFF":  # a photograph
        advice = "convert the file to TIFF, or scale it to the 8 bits that Pillow reads (--depth 8)"
    return f"the picture has {bits} channels (mode {image.mode}): {advice}"


def _upright(image: Image.Image, notes: Notes) -> Image.Image:
    """Turn an image by its EXIF orientation, and drop EXIF that cannot be read."""
    orientation = _orientation(image, notes)
    if orientation not in range(2, 9):
        return image
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception as error:  # Pillow rewrites all tags, but does not support all types
        notes.add(f"aecodec drops its EXIF, which is damaged ({error})")
        image.info.pop("exif", None)  # Pillow remembers its orientation
        return ImageOps.exif_transpose(image)


def _orientation(image: Image.Image, notes: Notes) -> Any:
    try:
        return image.getexif().get(ExifTags.Base.Orientation)
    except Exception as error:  # Pillow raises many types of errors for damaged EXIF
        notes.add(f"aecodec drops its EXIF, which is damaged ({error})")
        image.info.pop("exif", None)
        return None


def frames_in(image: Image.Image) -> int:
    """Number of frames; layers of Photoshop files do not count as frames."""
    file = getattr(image, "fp", None)
    if image.format == "TIFF" and file is not None:  # Pillow counts many pages slowly
        place = file.tell()
        count = sum(not page.is_sub for page in directories(file))
        file.seek(place)
        return count
    return 1 if image.format == "PSD" else int(getattr(image, "n_frames", 1))


def iter_frames(images: Iterable[Image.Image]) -> Iterator[Image.Image]:
    """Yield images once per frame, with that frame selected; afterwards, restore the selection."""
    for image in images:
        count = frames_in(image)
        if count < 2:
            yield image
            continue
        current = image.tell()
        try:
            for number in range(count):
                image.seek(number)
                yield image
        finally:
            image.seek(current)


def _joined(frames: Sequence[Picture], notes: Notes) -> Picture:
    """Join the frames of a file, with the metadata of the first; ImageError if sizes differ.

    If any frame has alpha, all get an alpha plane. Frames with different profiles become sRGB.
    """
    sizes = dict.fromkeys(frame.size for frame in frames)
    if len(sizes) > 1:
        text = ", ".join(f"{width}x{height}" for width, height in sizes)
        raise ImageError(
            f"its {len(frames)} frames have different sizes ({text}), but all frames of a file "
            "must have the same size: save each frame as a file, or leave out --frames all"
        )
    if len({frame.metadata.get(MetadataKind.ICC) for frame in frames}) > 1:
        notes.add("its frames have different colour profiles and were converted to sRGB")
        frames = [in_kept_colours(frame, {}) for frame in frames]
    if any(frame.alpha is not None for frame in frames):
        opaque = np.full(frames[0].pixels.shape[:3], 255, np.uint8)
        frames = [
            frame if frame.alpha is not None else replace(frame, alpha=opaque) for frame in frames
        ]
    return replace(stack(frames), metadata=frames[0].metadata)
