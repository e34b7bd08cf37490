"""Types that users may pass as an image, or as the content of a file."""

import errno
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from aecodec.base.errors import FormatError, ImageError, UsageError, errors_about
from aecodec.format.arrays import ANY_BANDS
from aecodec.image_files.modes import DEEP_MODES
from aecodec.image_files.options import ReadOptions
from aecodec.image_files.reading import from_pil, origin_of, read_image, warn_of_sidecars
from aecodec.imaging.array_pictures import any_picture, from_array, samples_picture
from aecodec.imaging.picture import ANY_CODEC, Picture

_MOST_BYTES, _PART = 1 << 31, 1 << 20
"""Maximum number of bytes to read from a pipe or device, which may have no end."""

_DEFAULT = ReadOptions()

COLOURS = ReadOptions(depth=8, names_dropped=False)
"""Options to read a picture for a payload, which keeps 8-bit colours but no metadata."""


class SupportsArray(Protocol):
    """An object that NumPy can convert to an array, such as a PyTorch tensor."""

    def __array__(self) -> npt.NDArray[Any]:
        """Convert the object to an array."""


ImageSource = (
    Picture | Image.Image | npt.NDArray[Any] | SupportsArray | str | os.PathLike[str] | IO[bytes]
)
"""A picture, a Pillow image, a uint8 array (H, W), (H, W, C), (N, H, W) or (N, H, W, C), an object
that converts to such an array, or an image file: its path, or the file opened in binary mode."""

DataSource = (
    bytes | bytearray | memoryview | npt.NDArray[np.uint8] | str | os.PathLike[str] | IO[bytes]
)
"""The bytes of an `.aec` file, its path, or the file opened in binary mode."""


def to_picture(image: ImageSource, options: ReadOptions = _DEFAULT) -> Picture:
    """Convert an image of any supported type to a picture, with its file's extension and time.

    With `bands` in the options, arrays and files keep all samples; with ANY_BANDS, pictures remain
    pictures. Raises ImageError if the image cannot be read or has an unsupported type, and
    UsageError if the options have `band_axis` or `nodata` without bands, an array or a file.
    """
    bands, band_axis, nodata = options.bands, options.band_axis, options.nodata
    if bands == ANY_BANDS and isinstance(image, Image.Image) and image.mode in DEEP_MODES:
        image = np.asarray(image)
    is_array = hasattr(image, "__array__") and not isinstance(image, Image.Image)
    if bands is not None and is_array:
        array: Any = image if isinstance(image, np.ndarray) else np.asarray(image)
        make = partial(samples_picture, bands=bands) if bands else any_picture
        return make(array, band_axis=band_axis, nodata=nodata)
    is_file = isinstance(image, str | os.PathLike) or hasattr(image, "read")
    if (band_axis is not None or nodata is not None) and (bands is None or not is_file):
        raise UsageError(
            "use band_axis and nodata only for arrays or files, and only with max_error or a codec "
            "with bands"
        )
    if isinstance(image, Picture):
        return image
    if isinstance(image, Image.Image):
        return with_origin(from_pil(image, options), getattr(image, "filename", ""))
    if hasattr(image, "__array__"):
        if np.ma.is_masked(image):  # numpy.ma takes 30 ms to import
            raise ImageError(f"the array has masked samples: {ANY_CODEC}, or pass array.filled()")
        return from_array(np.asarray(image))
    if is_file:
        return _read_file(image, options)
    raise ImageError(
        f"{type(image).__name__} is not an image: pass a Pillow image, an array, a path or a file"
    )


def _read_file(source: Any, options: ReadOptions) -> Picture:
    """Read a path or an open file; for a codec with bands, with all its samples."""
    read = read_image
    if options.bands is not None:
        from aecodec.image_files.scientific import read_samples as read
    if hasattr(source, "read"):
        return read(source, options)
    path = Path(source)
    with errors_about(path):
        picture = with_origin(read(path, options, str(path)), path)
    warn_of_sidecars(path, f"{path}: ")
    return picture


def with_origin(picture: Picture, path: str | Path) -> Picture:
    """Add the extension and time of a picture's file, if it has a path."""
    if not isinstance(path, str | Path):
        return picture
    return replace(picture, origin=origin_of(Path(path)))


def to_bytes(data: DataSource) -> bytes:
    """The content of an `.aec` file; FormatError if reading fails, UsageError for other types."""
    if isinstance(data, str | os.PathLike):
        return _read_bytes(Path(data))
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    if isinstance(data, np.ndarray) and data.dtype == np.uint8:
        return data.tobytes()
    if hasattr(data, "read") and isinstance(content := data.read(), bytes):
        return content
    raise UsageError(
        f"{type(data).__name__} is not an .aec file: pass bytes, a uint8 array, a path or a file "
        "opened in binary mode"
    )


def _read_bytes(path: Path) -> bytes:
    try:
        return content_of(path)
    except (OSError, ValueError) as error:  # ValueError: not a valid path
        raise FormatError(f"{path} cannot be read: {error}") from error


def content_of(path: Path) -> bytes:
    """Read a file; OSError if it is a pipe or device with more than 2 GiB."""
    if path.is_file():
        return path.read_bytes()
    with path.open("rb") as file:
        return read_to_end(file)


def read_to_end(file: IO[bytes]) -> bytes:
    """Read a pipe or device in parts; OSError if it has more than 2 GiB."""
    parts, size = list[bytes](), 0
    while part := file.read(_PART):
        parts.append(part)
        size += len(part)
        if size > _MOST_BYTES:
            raise OSError(errno.EFBIG, "the pipe or device sent more than 2 GiB: use a file")
    return b"".join(parts)
