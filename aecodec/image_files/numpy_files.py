"""Read and write `.npy` and `.npz` files, without pickles."""

import io
import math
import zipfile
from dataclasses import replace
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import ImageError, Notes
from aecodec.format.container import MetadataKind
from aecodec.format.kept_tags import DESCRIPTION, DOCUMENT_NAME, KeptTags, text_tag
from aecodec.image_files.options import ReadOptions
from aecodec.imaging.picture import (
    Picture,
    layout_of,
    native_type,
    samples_picture,
    source_array,
)

_FORTRAN = "fortran_order"
"""Description of arrays whose first axis varies fastest in the file."""


def read_npy(file: IO[bytes], options: ReadOptions, _: Notes, name: str = "") -> Picture:
    """Read an array from an `.npy` file; `name` is its name in an `.npz` file, which is kept.

    Raises ImageError if its type or shape is not supported, or it has too many pixels or is
    incomplete, and ValueError if the file is damaged.
    """
    array = _read_array(file, options)
    picture = samples_picture(
        array, band_axis=options.band_axis, nodata=options.nodata, bands=options.bands
    )
    tags = [text_tag(DOCUMENT_NAME, name)] if name else []
    if array.flags.f_contiguous and not array.flags.c_contiguous:
        tags.append(text_tag(DESCRIPTION, _FORTRAN))
    kept = KeptTags(tags, ">" if picture.is_big_endian else "<")
    return replace(picture, metadata={MetadataKind.TIFF: kept.pack()} if tags else {})


def _read_array(file: IO[bytes], options: ReadOptions) -> npt.NDArray[Any]:
    """Read an array without copying more than its header states, and its size allows."""
    version = np.lib.format.read_magic(file)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise ImageError(f"an .npy file of version {version[0]}.{version[1]} is not supported")
    shape, is_fortran, dtype = read_header(file)
    native_type(dtype)
    layout = layout_of(shape, options.band_axis, options.bands)
    frames, *size, bands = layout.undo(np.broadcast_to(np.zeros((), dtype), shape)).shape
    options.check_pixels((size[1], size[0]), frames, bands * dtype.itemsize)
    content = file.read(count := math.prod(shape) * dtype.itemsize)
    if len(content) < count:
        raise ImageError(f"the file ends before its array of shape {shape}: fetch it again")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if is_fortran else "C")


def read_npz(file: IO[bytes], options: ReadOptions, notes: Notes) -> Picture:
    """Read an array from an `.npz` file.

    Raises ImageError like :func:`read_npy`, or if the file has several arrays and none is chosen.
    For damaged files, zipfile and its decoders raise many types of errors.
    """
    with zipfile.ZipFile(file) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        name = _chosen(names, options.array)
        if len(names) > 1:
            notes.add(f"not kept: its other arrays; the file holds only {name}")
        with archive.open(f"{name}.npy") as member:
            return read_npy(member, options, notes, name)


def _chosen(names: list[str], name: str | None) -> str:
    if name is None and len(names) == 1:
        return names[0]
    if name in names:
        return name
    listed = ", ".join(names) or "none"
    raise ImageError(f"choose one of its arrays with --array (ReadOptions in Python): {listed}")


def write_npy(picture: Picture) -> bytes:
    """Write the samples of a picture in its layout and byte order as an `.npy` file."""
    content = io.BytesIO()
    np.lib.format.write_array(content, _array(picture), allow_pickle=False)
    return content.getvalue()


def write_npz(picture: Picture) -> bytes:
    """Write an `.npz` file with the name of its array; see :func:`write_npy`."""
    content, name = io.BytesIO(), _kept(picture).text(DOCUMENT_NAME) or "arr_0"
    np.savez_compressed(content, allow_pickle=False, **{name: _array(picture)})
    return content.getvalue()


def _array(picture: Picture) -> npt.NDArray[Any]:
    array = source_array(picture)
    return np.asfortranarray(array) if _kept(picture).text(DESCRIPTION) == _FORTRAN else array


def _kept(picture: Picture) -> KeptTags:
    stored = picture.metadata.get(MetadataKind.TIFF)
    return KeptTags.unpack(stored) if stored else KeptTags([])
