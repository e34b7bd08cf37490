"""Read the samples of pages of TIFF files with tifffile, within limits."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import AecodecError, ImageError, Notes
from aecodec.image_files.opening import opened
from aecodec.image_files.options import ReadOptions
from aecodec.image_files.tiff_directories import JPEG, Directory, directory_at

if TYPE_CHECKING:
    from tifffile import TiffPage

Array = npt.NDArray[Any]

_BOUNDED = {1, 5, 8, 32773, 32946, 34925, 34926, 50000}
"""Compressions whose decoders stop at the size of a strip or tile: LZW, Deflate, LZMA, ZSTD."""

_PICTURES = {JPEG: "JPEG", 34712: "JPEG2000", 50001: "WEBP"}
"""Compressions whose strips and tiles state their own size, by Pillow's names."""

_CODESTREAM = b"\xff\x4f\xff\x51"
"""Start of JPEG 2000 without boxes, which could state another size than its pixels have."""


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
        if page.compression not in _BOUNDED | _PICTURES.keys():
            raise ImageError(
                f"a TIFF file with {page.compression!r}: compress it with Deflate, LZW or ZSTD"
            )
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
        for plane in range(directory.planes):
            for row in range(start // tile_height, -(-stop // tile_height)):
                first, last = max(start, row * tile_height), min(stop, (row + 1) * tile_height)
                for column in range(across):
                    number = (plane * down + row) * across + column
                    if page.databytecounts[number]:
                        left = column * tile_width
                        part = self._part(page, directory, number, first, last)
                        yield plane, first, left, part[:, : width - left]

    def _part(
        self, page: TiffPage, directory: Directory, number: int, first: int, last: int
    ) -> Array:
        """Rows (last - first, w, B) of a strip or tile; ImageError if they are not complete."""
        place, size = page.dataoffsets[number], page.databytecounts[number]
        top = first // directory.segment[1] * directory.segment[1]
        bands = 1 if directory.planes > 1 else directory.samples
        if _is_plain(page):
            row_size = directory.size[0] * bands * page.dtype.itemsize
            if size < (last - top) * row_size:
                raise ImageError("damaged: a strip has too few bytes")
            content = self._bytes_at(place + (first - top) * row_size, (last - first) * row_size)
            dtype = page.dtype.newbyteorder(self._tiff.byteorder)
            return np.frombuffer(content, dtype).reshape(last - first, -1, bands)
        content = self._bytes_at(place, size)
        _check_stream(page, content, directory)
        part = page.decode(content, number, jpegtables=page.jpegtables)[0][0]
        rows: Array = part[first - top : last - top]
        width = min(directory.segment[0], directory.size[0])
        if len(rows) < last - first or rows.shape[1] < width or rows.shape[2] != bands:
            raise ImageError("damaged: a strip or tile is incomplete")
        return rows

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


def _check_stream(page: TiffPage, content: bytes, directory: Directory) -> None:
    """Check the size that a compressed picture states, before memory is allocated for it."""
    if page.compression != 1:
        _check_imagecodecs()
    if page.compression not in _PICTURES:
        return
    width, height = directory.segment
    options = ReadOptions(max_pixels=width * height)
    with opened(io.BytesIO(content), options, Notes()) as image:
        is_stated = image.format == _PICTURES[page.compression] or image.format == "MPO"
        if not is_stated or (image.format == "JPEG2000" and not content.startswith(_CODESTREAM)):
            raise ImageError(f"damaged: a strip or tile in the format {image.format}")


def _check_imagecodecs() -> None:
    try:
        import imagecodecs  # noqa: F401
    except ImportError as error:
        raise AecodecError(
            "compressed TIFF files need pip install 'aecodec[science]', which has imagecodecs"
        ) from error
