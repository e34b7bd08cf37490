"""Read the samples of pages of TIFF files with tifffile, within limits."""

from __future__ import annotations

import logging
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aecodec.base.errors import AecodecError, ImageError
from aecodec.image_files.opening import check_stated_size
from aecodec.image_files.tiff_directories import JPEG, Directory

if TYPE_CHECKING:
    from tifffile import TiffPage

Array = npt.NDArray[Any]

_BOUNDED = {1, 5, 8, 32773, 32946, 34925, 34926, 50000}
"""Compressions whose decoders stop at the size of a strip or tile: LZW, Deflate, LZMA, ZSTD."""

_PICTURES = {JPEG, 34712}
"""Compressions whose strips and tiles state their own size: JPEG and JPEG 2000."""


def load_tifffile() -> Any:
    try:
        import tifffile
    except ImportError as error:
        raise AecodecError(
            "TIFF files with bands need tifffile: pip install 'aecodec[science]'"
        ) from error
    logging.getLogger("tifffile").addHandler(logging.NullHandler())  # else it prints to stderr
    return tifffile


class TiffReader:
    """Reads samples of an open TIFF file; many types of errors if it is damaged."""

    def __init__(self, file: IO[bytes]) -> None:
        self._tifffile = load_tifffile()
        file.seek(0)
        self._tiff = self._tifffile.TiffFile(file)

    def page(self, directory: Directory) -> TiffPage:
        """The page of a directory; ImageError if its samples cannot be decoded within limits."""
        self._tiff.filehandle.seek(directory.place)
        page = self._tifffile.TiffPage(self._tiff, index=0)
        if (page.imagewidth, page.imagelength) != directory.size:
            raise ImageError("damaged: the size of a page is ambiguous")
        if page.compression not in _BOUNDED | _PICTURES:
            name = getattr(page.compression, "name", page.compression)
            raise ImageError(f"its compression {name} is not supported: use Deflate or ZSTD")
        return page

    def samples(self, directory: Directory, filler: float) -> Array:
        """Samples (H, W, B) of a page; absent strips and tiles are set to the filler."""
        page, (width, height) = self.page(directory), directory.size
        samples = np.full((height, width, directory.samples), filler, page.dtype)
        bands = directory.samples // directory.planes
        for number in np.flatnonzero(page.databytecounts).tolist():
            content = self._bytes_of(page, number)
            if page.compression in _PICTURES:
                check_stated_size(content, directory.segment)
            decoded: Any = page.decode(content, number, jpegtables=page.jpegtables)
            (part, *_), (plane, _, top, left, _), (_, rows, columns, _) = decoded
            target = samples[top : top + rows, left : left + columns, plane : plane + bands]
            part = part[: len(target), : target.shape[1]]
            if part.shape != target.shape:
                raise ImageError("damaged: a strip or tile is incomplete")
            target[...] = part
        return samples

    def _bytes_of(self, page: TiffPage, number: int) -> bytes:
        size = page.databytecounts[number]
        self._tiff.filehandle.seek(page.dataoffsets[number])
        content: bytes = self._tiff.filehandle.read(size)
        if len(content) < size:
            raise ImageError("the file is truncated: download or copy it again")
        return content
