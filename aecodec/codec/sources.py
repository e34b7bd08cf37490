"""What users may pass as an image, and as the content of a file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from aecodec.errors import FormatError, ImageError, UsageError
from aecodec.image_files.reading import from_pil, origin_of, read_image
from aecodec.imaging.picture import Picture, from_array


class SupportsArray(Protocol):
    """An object that NumPy can convert to an array, such as a tensor of another library."""

    def __array__(self) -> npt.NDArray[Any]:
        """The object as an array."""


ImageSource = (
    Picture | Image.Image | npt.NDArray[Any] | SupportsArray | str | os.PathLike[str] | IO[bytes]
)
"""A picture, a Pillow image, a uint8 array (H, W), (H, W, C), (N, H, W) or (N, H, W, C), an object
that converts to one, the path of an image file, or such a file opened for reading bytes."""

DataSource = (
    bytes | bytearray | memoryview | npt.NDArray[np.uint8] | str | os.PathLike[str] | IO[bytes]
)
"""The bytes of an `.aec` file, its path, or the file opened for reading bytes."""


def to_picture(image: ImageSource) -> Picture:
    """Convert an image of any supported kind to a picture, with ending and time of its file.

    Raises:
        ImageError: it cannot be read, or is of an unsupported kind.

    >>> to_picture(np.zeros((2, 28, 28), np.uint8)).frames
    2
    """
    if isinstance(image, Picture):
        return image
    if isinstance(image, Image.Image):
        return with_origin(from_pil(image), getattr(image, "filename", ""))
    if isinstance(image, str | os.PathLike):
        return _read_image(Path(image))
    if hasattr(image, "__array__"):
        return from_array(np.asarray(image))
    if hasattr(image, "read"):
        return read_image(image)
    raise ImageError(
        f"{type(image).__name__} is no image: give a Pillow image, an array, a path or a file"
    )


def _read_image(path: Path) -> Picture:
    try:
        return with_origin(read_image(path, name=str(path)), path)
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from error


def with_origin(picture: Picture, path: str | Path) -> Picture:
    """The picture with ending and time of its file, if it has one with a name.

    Args:
        picture: the picture.
        path: path of its file; empty, or of another type, for a file without a name.
    """
    return (
        replace(picture, origin=origin_of(Path(path))) if isinstance(path, str | Path) else picture
    )


def to_bytes(data: DataSource) -> bytes:
    """Read the content of an `.aec` file from any supported source.

    Raises:
        FormatError: the file cannot be read.
        UsageError: the source is of an unsupported kind.

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
        f"{type(data).__name__} is no .aec file: give bytes, a uint8 array, a path or a file "
        "opened for reading bytes"
    )


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise FormatError(f"{path}: cannot be read: {error}") from error
