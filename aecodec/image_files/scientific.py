"""Read scientific files for codecs with bands, and write them back in their format.

Unlike :mod:`aecodec.image_files.reading`, this module keeps all bands, types and missing samples:
in TIFF, `.npy`, `.npz` and FITS files, and in grey pictures with 16 bits.
"""

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from aecodec.base.errors import AecodecError, Notes, UsageError
from aecodec.format.arrays import ANY_BANDS, Layout
from aecodec.format.container import MetadataKind
from aecodec.image_files.fits import read_fits, write_fits
from aecodec.image_files.modes import DEEP_MODES, check_channels, check_scale, largest_value
from aecodec.image_files.numpy_files import read_npy, read_npz, write_npy, write_npz
from aecodec.image_files.opening import opened, opened_file
from aecodec.image_files.options import ReadOptions
from aecodec.image_files.reading import noting, read_image
from aecodec.image_files.tiff import framed_picture, read_tiff, write_tiff
from aecodec.image_files.tiff_directories import is_picture, is_tiff
from aecodec.image_files.writing import encode_frames
from aecodec.imaging.picture import Picture

Read = Callable[[IO[bytes], ReadOptions, Notes], Picture]

_READERS: dict[bytes, Read] = {b"\x93NUM": read_npy, b"PK\3\4": read_npz, b"SIMP": read_fits}
_DEFAULT, _PREFIX_SIZE = ReadOptions(), 4
_DEEP_INFO = ("icc_profile", "exif", "xmp", "gamma")
"""Properties of deep grey pictures that are not kept, by Pillow's names."""


def _write_png(picture: Picture) -> bytes:
    samples, frames, bands = picture.pixels, picture.frames, picture.pixels.shape[-1]
    if frames == 1 and samples.dtype == np.uint16 and bands == 1:
        file, options = io.BytesIO(), {"transparency": picture.nodata}
        Image.fromarray(samples[0, ..., 0]).save(file, "PNG", compress_level=4, **options)
        return file.getvalue()
    if frames == 1 and samples.dtype == np.uint8 and bands in (1, 3):
        return encode_frames(Picture(samples, metadata=picture.metadata), ".png")[0]
    raise UsageError(
        "PNG files can store only a single picture, with 8-bit or 16-bit grey levels or 8-bit RGB: "
        "choose .tif or .npy"
    )


_WRITERS: dict[str, Callable[[Picture], bytes]] = {
    ".tif": write_tiff,
    ".tiff": write_tiff,
    ".npy": write_npy,
    ".npz": write_npz,
    **dict.fromkeys((".fits", ".fit", ".fts"), write_fits),
    ".png": _write_png,
}


def read_samples(
    source: Path | IO[bytes], options: ReadOptions = _DEFAULT, name: str = ""
) -> Picture:
    """Read a file with any number of bands, any type of samples, and missing samples.

    The file is a path, or a file opened in binary mode. An :class:`~aecodec.AecodecWarning` that
    begins with `name` lists properties that are not kept.

    Raises ImageError if the file cannot be read, has too many pixels, or is not supported, and
    AecodecError if an extra that reads it is not installed.
    """
    with (
        noting(name, warns=options.names_dropped) as notes,
        opened_file(source) as file,
        warnings.catch_warnings(),
    ):
        read = _reader_of(file, options)
        if read is not _read_picture:
            warnings.simplefilter("ignore")  # of other packages, about damaged files
        file.seek(0)
        return read(file, options, notes)


def _reader_of(file: IO[bytes], options: ReadOptions) -> Read:
    prefix = file.read(_PREFIX_SIZE)
    if is_tiff(prefix):
        return _read_picture if options.bands == ANY_BANDS and is_picture(file) else read_tiff
    return _READERS.get(prefix, _read_picture)


def _read_picture(file: IO[bytes], options: ReadOptions, notes: Notes) -> Picture:
    """Read a file with Pillow: deep grey levels unchanged, other pictures with 8 bits."""
    with opened(file, options, Notes()) as image:
        if image.mode in DEEP_MODES:
            check_channels(image)
            check_scale(image)
            kind = np.int32 if largest_value(image) is None else np.uint16
            levels = np.asarray(image, None if image.mode == "F" else kind)
            if names := [name for name in _DEEP_INFO if image.info.get(name)]:
                notes.add(f"aecodec drops its {', '.join(names)}")
            transparent = image.info.get("transparency")
            nodata = transparent if options.nodata is None else options.nodata
            return framed_picture(levels[None, ..., None], Layout.FHW, nodata)
    return read_image(file, options)


def suffix_to_write(suffix: str) -> str:
    """The suffix of a restored file: its original suffix if that format can be written, or `.tif`.

    >>> suffix_to_write(".NPY"), suffix_to_write(".pgm")
    ('.NPY', '.tif')
    """
    return suffix if suffix.lower() in _WRITERS else ".tif"


def write_samples(picture: Picture, suffix: str) -> bytes:
    """Encode a decompressed picture with any number of bands as the content of a file.

    The suffix selects the format: `.tif`, `.npy`, `.npz`, `.fits`; `.png` for uint8 and uint16.
    Raises UsageError if the format does not exist or cannot store the picture, and AecodecError if
    an extra that writes it is not installed.
    """
    write = _WRITERS.get(suffix.lower())
    if write is None:
        raise UsageError(f"files with bands cannot be written as {suffix}: choose .tif or .npy")
    notes = Notes()
    has_values = picture.nodata is not None or picture.pixels.dtype.kind == "f"
    if write is not write_tiff:
        if picture.missing is not None and not has_values:
            raise UsageError(
                "the picture has a mask of missing samples, which only TIFF files can store: "
                "choose .tif, or read the samples in Python with aecodec.decompress_array"
            )
        _note_lost_tags(picture, suffix, notes)
    try:
        content = write(picture)
    except AecodecError:
        raise
    except Exception as error:  # each package raises many types of errors
        raise UsageError(f"the picture cannot be written as {suffix}: {error}") from error
    notes.warn()
    return content


def _note_lost_tags(picture: Picture, suffix: str, notes: Notes) -> None:
    source = _WRITERS.get(picture.origin.suffix.lower()) if picture.origin else None
    has_tags = MetadataKind.TIFF in picture.metadata and source in (write_tiff, write_fits)
    if has_tags and source is not _WRITERS[suffix.lower()]:
        notes.add(f"aecodec drops its TIFF tags or FITS header, which {suffix} files do not have")
