"""Read the samples of pages of TIFF files with tifffile, within limits."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import AecodecError, ImageError
from aecodec.image_files.opening import check_stated_size
from aecodec.image_files.tiff_directories import JPEG, Directory, directory_at

if TYPE_CHECKING:
    from tifffile import TiffPage

Array = npt.NDArray[Any]

_BOUNDED = {1, 5, 8, 32773, 32946, 34925, 34926, 50000}
"""Compressions whose decoders stop at the size of a strip or tile: LZW, Deflate, LZMA, ZSTD."""

_PICTURES = {JPEG, 34712}
"""Compressions whose strips and tiles state their own size: JPEG and JPEG 2000."""


def load_tifffile() -> Any:
    """Import tifffile; AecodecError if it is not installed."""
    try:
        import tifffile
    except ImportError as error:
        raise AecodecError("TIFF files with bands need pip install 'aecodec[science]'") from error
    logging.getLogger("tifffile").addHandler(logging.NullHandler())  # else it prints to stderr
    return tifffile


class TiffPages:
    """Pages of an open TIFF file, whose samples are read in blocks of rows.

    tifffile raises many types of errors for damaged files.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._tifffile = load_tifffile()
        file.seek(0)
        self._file, self._tiff = file, self._tifffile.TiffFile(file)

    def page(self, directory: Directory) -> TiffPage:
        """The page of a directory; ImageError if its samples cannot be decoded within limits."""
        self._tiff.filehandle.seek(directory.place)
        page = self._tifffile.TiffPage(self._tiff, index=0)
        if (page.imagewidth, page.imagelength) != directory.size:
            raise ImageError("damaged: the size of a page is ambiguous")
        if page.compression not in _BOUNDED | _PICTURES:
            name = getattr(page.compression, "name", page.compression)
            raise ImageError(f"a TIFF file with {name} inside: save it with Deflate, LZW or ZSTD")
        if page.compression != 1:
            _check_imagecodecs()
        return page

    def rows(self, place: int, start: int, stop: int, filler: float) -> Array:
        """Samples (stop - start, W, B) of a page; absent strips and tiles have the filler."""
        directory = directory_at(self._file, place)
        page, (width, height) = self.page(directory), directory.size
        rows = np.full((min(stop, height) - start, width, directory.samples), filler, page.dtype)
        for plane, top, left, part in self._parts(page, directory, start, start + len(rows)):
            height, width, bands = part.shape
            target = rows[top - start :][:height, left : left + width, plane : plane + bands]
            target[...] = part
        return rows

    def _parts(
        self, page: TiffPage, directory: Directory, start: int, stop: int
    ) -> Iterator[tuple[int, int, int, Array]]:
        """Parts (h, w, B) of rows, with their first band, row and column."""
        (width, height), (tile_width, tile_height) = directory.size, directory.segment
        across, down = -(-width // tile_width), -(-height // tile_height)
        bands = directory.samples // directory.planes
        for plane in range(directory.planes):
            for row in range(start // tile_height, -(-stop // tile_height)):
                top = row * tile_height
                first, last = max(start, top), min(stop, top + tile_height)
                for column in range(across):
                    number, left = (plane * down + row) * across + column, column * tile_width
                    if not page.databytecounts[number]:
                        continue
                    part = self._part(page, number, slice(first - top, last - top), directory)
                    part = part[:, : width - left]
                    if part.shape != (last - first, min(tile_width, width - left), bands):
                        raise ImageError("damaged: a strip or tile is incomplete")
                    yield plane, first, left, part

    def _part(self, page: TiffPage, number: int, rows: slice, directory: Directory) -> Array:
        """Rows (h, w, B) of a strip or tile, as many as it has."""
        place, size = page.dataoffsets[number], page.databytecounts[number]
        if _is_plain(page):
            shape = -1, directory.size[0], directory.samples // directory.planes
            dtype = np.dtype(page.dtype).newbyteorder(self._tiff.byteorder)
            row_size = shape[1] * shape[2] * dtype.itemsize
            end, start = min(rows.stop, size // row_size) * row_size, rows.start * row_size
            content = self._bytes_at(place + start, max(0, end - start))
            return np.frombuffer(content, dtype).reshape(shape)
        content = self._bytes_at(place, size)
        if page.compression in _PICTURES:
            check_stated_size(content, directory.segment)
        decoded: Any = page.decode(content, number, jpegtables=page.jpegtables)[0]
        part: Array = decoded[0][rows]
        return part

    def _bytes_at(self, place: int, size: int) -> bytes:
        self._tiff.filehandle.seek(place)
        content: bytes = self._tiff.filehandle.read(size)
        if len(content) < size:
            raise ImageError("the file ends before its pixels: fetch it again")
        return content


def _is_plain(page: TiffPage) -> bool:
    """Whether rows lie in the file as they are, so that parts of long strips can be read."""
    is_whole = page.dtype is not None and page.bitspersample == 8 * page.dtype.itemsize
    return is_whole and (page.compression, page.predictor, page.fillorder, page.is_tiled) == (
        1, 1, 1, False,
    )  # fmt: skip


def _check_imagecodecs() -> None:
    try:
        import imagecodecs  # noqa: F401
    except ImportError as error:
        raise AecodecError(
            "compressed TIFF files need pip install 'aecodec[science]', which has imagecodecs"
        ) from error
