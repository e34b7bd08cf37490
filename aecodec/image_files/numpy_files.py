"""Read and write `.npy` and `.npz` files, without pickles."""

import io
import math
import zipfile
from dataclasses import replace
from typing import IO, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.base.errors import ImageError, Notes
from aecodec.format.container import MetadataKind
from aecodec.format.kept_tags import DOCUMENT_NAME, KeptTags, text_tag
from aecodec.image_files.options import ReadOptions
from aecodec.imaging.array_pictures import layout_of, native_type, samples_picture
from aecodec.imaging.picture import Picture, source_array

Array = npt.NDArray[Any]

_HEADERS = {
    (1, 0): (2, np.lib.format.read_array_header_1_0),
    (2, 0): (4, np.lib.format.read_array_header_2_0),
}
"""Bytes of the size of a header, and its reader, by the version of the file."""

_MOST_HEADER = 10_000
"""NumPy also rejects longer headers, but only after reading them."""


def read_npy(file: IO[bytes], options: ReadOptions, _: Notes, name: str = "") -> Picture:
    """Read an array from an `.npy` file, with its `name` in an `.npz` file.

    Raises ImageError for unsupported types, shapes and sizes, and ValueError for damaged files.
    """
    array = _read_array(file, options)
    picture = samples_picture(
        array, band_axis=options.band_axis, nodata=options.nodata, bands=options.bands
    )
    if not name:
        return picture
    kept = KeptTags([text_tag(DOCUMENT_NAME, name)], ">" if picture.is_big_endian else "<")
    return replace(picture, metadata={MetadataKind.TIFF: kept.pack()})


def _read_array(file: IO[bytes], options: ReadOptions) -> Array:
    stated = read_header(file)
    native_type(stated.array.dtype)
    layout = layout_of(stated.array.shape, options.band_axis, options.bands)
    frames, height, width, bands = layout.undo(stated.array).shape
    options.check_pixels((width, height), frames, bands * stated.array.itemsize)
    return read_stated(file, stated)


class Stated(NamedTuple):
    """The shape and type of an `.npy` file, as an array without memory, and its order."""

    array: Array
    order: Literal["C", "F"]


def read_header(file: IO[bytes]) -> Stated:
    """Read the header of an `.npy` file, whose size is checked first.

    Raises ImageError for unsupported sizes and versions, and ValueError for damaged files.
    """
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ImageError(f"an .npy file of version {version[0]}.{version[1]} is not supported")
    count_size, read = _HEADERS[version]
    field = file.read(count_size)
    size = int.from_bytes(field, "little")
    if size > _MOST_HEADER:
        raise ImageError(f"its header has {size} bytes, but aecodec reads at most {_MOST_HEADER}")
    shape, is_fortran, dtype = read(io.BytesIO(field + file.read(size)))
    return Stated(np.broadcast_to(np.zeros((), dtype), shape), "F" if is_fortran else "C")


def read_stated(file: IO[bytes], stated: Stated) -> Array:
    """Read the array after its header; ImageError if the file ends too early."""
    shape, dtype = stated.array.shape, stated.array.dtype
    content = file.read(count := math.prod(shape) * dtype.itemsize)
    if len(content) < count:
        raise ImageError(f"the array of shape {shape} is incomplete: download the file again")
    return np.frombuffer(content, dtype).reshape(shape, order=stated.order)


def read_npz(file: IO[bytes], options: ReadOptions, notes: Notes) -> Picture:
    """Read an array from an `.npz` file.

    Raises ImageError like :func:`read_npy`, or if you must choose one of several arrays; zipfile
    raises many types of errors for damaged files.
    """
    with zipfile.ZipFile(file) as archive:
        names = names_in(archive)
        name = _chosen(names, options.array)
        if len(names) > 1:
            notes.add(f"aecodec stores only its array {name}, and drops the other arrays")
        with opened_array(archive, name) as member:
            return read_npy(member, options, notes, name)


def names_in(archive: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]


def opened_array(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open an array; ImageError for compressions other than NumPy's, which have no limit."""
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ImageError(
            f"{name} uses a compression method that NumPy does not write: save the file with "
            "numpy.savez_compressed"
        )
    return archive.open(info)


def _chosen(names: list[str], name: str | None) -> str:
    if name is None and len(names) == 1:
        return names[0]
    if name in names:
        return name
    listed = ", ".join(names) or "none"
    raise ImageError(f"choose one of its arrays with --array (ReadOptions in Python): {listed}")


def write_npy(picture: Picture) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, source_array(picture), allow_pickle=False)
    return content.getvalue()


def write_npz(picture: Picture) -> bytes:
    stored, content = picture.metadata.get(MetadataKind.TIFF), io.BytesIO()
    name = KeptTags.unpack(stored).text(DOCUMENT_NAME) if stored else ""
    arrays = {name or "arr_0": source_array(picture)}
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()
