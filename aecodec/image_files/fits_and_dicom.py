"""Read and write FITS files, and read DICOM files with pydicom."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import AecodecError, ImageError, Notes, UsageError
from aecodec.format.container import MetadataKind
from aecodec.format.kept_tags import DESCRIPTION, KeptTags, text_tag
from aecodec.format.samples import Layout
from aecodec.image_files.options import ReadOptions
from aecodec.image_files.tiff import framed_picture
from aecodec.imaging.picture import Picture, native_type, samples_picture, source_array

_BLOCK, _CARD = 2880, 80
"""Sizes in bytes: headers and data of FITS files consist of blocks, and headers of cards."""

_TYPES = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
"""Types of samples by BITPIX."""

_UNSIGNED = 0x8000
"""BZERO of FITS files with uint16 samples, which they store as int16."""

_COLOURS = ("MONOCHROME1", "MONOCHROME2", "RGB")


@dataclass(frozen=True)
class _Unit:
    """A header of a FITS file: values by keyword, axes (slowest first) and position of its data."""

    cards: dict[str, str]
    shape: tuple[int, ...]
    start: int

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(_TYPES[int(self.cards["BITPIX"])])

    @property
    def size(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize if self.shape else 0

    @property
    def is_unsigned(self) -> bool:
        """Whether int16 samples represent uint16."""
        offset = float(self.cards.get("BZERO", 0))
        return self.dtype == ">i2" and offset == _UNSIGNED


def _units(content: bytes) -> Iterator[_Unit]:
    """The headers of a file up to the first one with data."""
    place = 0
    while content[place : place + _CARD].strip(b"\0 "):
        start, cards = place, dict[str, str]()
        while (keyword := content[place : place + 8].decode("ascii").strip()) != "END":
            if len(content) < place + _CARD:
                raise ImageError("the file ends in a header: fetch it again")
            text = content[place + 10 : place + _CARD].decode("ascii", "replace")
            cards.setdefault(keyword, text.split("/")[0].strip())
            place += _CARD
        place = start + -(-(place + _CARD - start) // _BLOCK) * _BLOCK
        axes = range(int(cards["NAXIS"]), 0, -1)
        yield _Unit(cards, tuple(int(cards[f"NAXIS{axis}"]) for axis in axes), place)


def read_fits(file: IO[bytes], options: ReadOptions, notes: Notes) -> Picture:
    """Read the first image of a FITS file; values are as stored, before BSCALE.

    Raises ImageError unless it has 2 or 3 axes and a supported type, and KeyError or ValueError if
    the file is damaged.
    """
    content = file.read()
    unit = next((unit for unit in _units(content) if unit.size), None)
    if (
        unit is None
        or len(unit.shape) not in (2, 3)
        or "BINTABLE" in unit.cards.get("XTENSION", "")
    ):
        raise ImageError("the first data of this FITS file is not an image with 2 or 3 axes")
    native_type(unit.dtype)
    bands = math.prod(unit.shape[:-2])
    size = unit.shape[-1], unit.shape[-2]
    options.check_pixels(size, 1, bands * unit.dtype.itemsize)
    if len(content) < unit.start + unit.size:
        raise ImageError("the file ends before its image: fetch it again")
    if len(content) > unit.start + -(-unit.size // _BLOCK) * _BLOCK:
        notes.add("not kept: all but the first image of this FITS file")
    array = np.frombuffer(content, unit.dtype, math.prod(unit.shape), unit.start)
    nodata: float | None = int(unit.cards["BLANK"]) if "BLANK" in unit.cards else None
    if unit.is_unsigned:
        array = _with_other_sign(array)
        nodata = None if nodata is None else nodata + _UNSIGNED
    picture = samples_picture(
        array.reshape(unit.shape),
        band_axis=-3 if len(unit.shape) == 3 else None,
        nodata=nodata if options.nodata is None else options.nodata,
    )
    headers = text_tag(DESCRIPTION, content[: unit.start].decode("ascii").rstrip())
    kept = KeptTags([headers], ">" if picture.is_big_endian else "<")
    return replace(picture, metadata={MetadataKind.TIFF: kept.pack()})


def _with_other_sign(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Convert big-endian int16 to uint16, minus and plus 32768, or back."""
    return (array.view(">u2") ^ np.uint16(_UNSIGNED)).astype(">u2")


def write_fits(picture: Picture) -> bytes:
    """Write the samples of a FITS file with its headers; UsageError if the picture has none."""
    stored = picture.metadata.get(MetadataKind.TIFF)
    headers = KeptTags.unpack(stored).text(DESCRIPTION).encode() if stored else b""
    if not headers.startswith(b"SIMPLE"):
        raise UsageError(
            "only pictures from FITS files can be written as FITS: choose .tif or .npy"
        )
    array = source_array(picture)
    array = array.astype(array.dtype.newbyteorder(">"))
    if array.dtype == ">u2":
        array = _with_other_sign(array)
    data = array.tobytes()
    return _padded(headers, b" ") + _padded(data, b"\0")


def _padded(content: bytes, filler: bytes) -> bytes:
    return content + filler * (-len(content) % _BLOCK)


def read_dicom(file: IO[bytes], options: ReadOptions, notes: Notes) -> Picture:
    """Read the stored values of a DICOM file, but no other data, such as patients' data.

    Raises ImageError if its colours are not supported; pydicom raises many types of errors for
    damaged files.
    """
    try:
        from pydicom import dcmread
    except ImportError as error:
        raise AecodecError("DICOM files need pip install 'aecodec[dicom]'") from error
    dataset = dcmread(file)
    frames = int(dataset.get("NumberOfFrames") or 1)
    pixel_bytes = dataset.SamplesPerPixel * dataset.BitsAllocated // 8
    options.check_pixels((dataset.Columns, dataset.Rows), frames, pixel_bytes)
    if dataset.PhotometricInterpretation not in _COLOURS:
        raise ImageError(f"a DICOM picture of the kind {dataset.PhotometricInterpretation}")
    bands = int(dataset.SamplesPerPixel)
    array = dataset.pixel_array.reshape(frames, dataset.Rows, dataset.Columns, bands)
    notes.add("not kept: the attributes of this DICOM file, such as data about the patient")
    nodata = dataset.get("PixelPaddingValue") if options.nodata is None else options.nodata
    return framed_picture(array, Layout.FHW if bands == 1 else Layout.FHWB, nodata)
