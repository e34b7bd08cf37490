"""Types that users may pass as an image, or as the content of a file."""

import os
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from aecodec.errors import FormatError, ImageError, UsageError, errors_about
from aecodec.image_files.reading import from_pil, origin_of, read_image
from aecodec.imaging.picture import Picture, from_array

_MOST_BYTES = 1 << 31
"""Most bytes to read of a pipe or a device, which may have no end."""


class SupportsArray(Protocol):
    """An object that NumPy can convert to an array, such as a tensor of another library."""

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


def to_picture(image: ImageSource) -> Picture:
    """Convert an image of any supported type to a picture, with its file's extension and time.

    Raises ImageError if it cannot be read, or its type is not supported.

    >>> to_picture(np.zeros((2, 28, 28), np.uint8)).frames
    2
    """
    if isinstance(image, Picture):
        return image
    if isinstance(image, Image.Image):
        return with_origin(from_pil(image), getattr(image, "filename", ""))
    if isinstance(image, str | os.PathLike):
        path = Path(image)
        with errors_about(path):
            return with_origin(read_image(path, name=str(path)), path)
    if hasattr(image, "__array__"):
        if np.ma.is_masked(image):
            raise ImageError(
                "the array has masked values, which only codecs with bands store: replace them "
                "with array.filled(0)"
            )
        return from_array(np.asarray(image))
    if hasattr(image, "read"):
        return read_image(image)
    raise ImageError(
        f"{type(image).__name__} is not an image: give a Pillow image, an array, a path or a file"
    )


def with_origin(picture: Picture, path: str | Path) -> Picture:
    """Add the extension and time of a picture's file, if it has a path."""
    if not isinstance(path, str | Path):
        return picture
    return replace(picture, origin=origin_of(Path(path)))


def to_bytes(data: DataSource) -> bytes:
    """Read the content of an `.aec` file from any supported source.

    Raises FormatError if it cannot be read, and UsageError if its type is not supported.

    >>> to_bytes(np.frombuffer(b"content", np.uint8))
    b'content'
    """
    if isinstance(data, str | os.PathLike):
        return _read_bytes(Path(data))
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    if isinstance(data, np.ndarray) and data.dtype == np.uint8:
        return data.tobytes()
    if hasattr(data, "read") and isinstance(content := data.read(), bytes):
        return content
    raise UsageError(
        f"{type(data).__name__} is not an .aec file: give bytes, a uint8 array, a path or a file "
        "opened in binary mode"
    )


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_file() or not path.exists():
            return path.read_bytes()
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise FormatError(f"{path}: a pipe or device with more than {_MOST_BYTES} bytes")
        return content
    except (OSError, ValueError) as error:  # ValueError: not a valid path
        raise FormatError(f"{path}: cannot be read: {error}") from error
