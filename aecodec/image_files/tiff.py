"""Read and write TIFF files with any number of bands, with tifffile."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aecodec.base.errors import FormatError, ImageError, Notes, UsageError
from aecodec.format.arrays import MAX_BANDS, Layout
from aecodec.format.container import MetadataKind
from aecodec.format.kept_tags import (
    ASCII,
    DESCRIPTION,
    EXTRA_SAMPLES,
    GDAL_NODATA,
    PHOTOMETRIC,
    PLANAR,
    RESOLUTION_UNIT,
    SHORT,
    SUBFILE_TYPE,
    TYPE_SIZES,
    X_RESOLUTION,
    Y_RESOLUTION,
    KeptTags,
    Tag,
    text_tag,
)
from aecodec.image_files.options import ReadOptions
from aecodec.image_files.tiff_directories import (
    GEOREFERENCE,
    MASK,
    OVERVIEWS,
    PAGE,
    STRUCTURE,
    SUB_PICTURES,
    Directory,
    directories,
)
from aecodec.image_files.tiff_pixels import TiffReader, load_tifffile
from aecodec.imaging.array_pictures import native_type, nodata_in, samples_picture
from aecodec.imaging.missing import Mask
from aecodec.imaging.picture import Picture

if TYPE_CHECKING:
    from tifffile import TiffPage, TiffWriter

Array = npt.NDArray[Any]

_RESOLUTION = (X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT)
_ARGUMENTS = {PHOTOMETRIC, EXTRA_SAMPLES, PLANAR, SUBFILE_TYPE, *_RESOLUTION}
"""Tags that are arguments of tifffile. PLANAR is 1 if the pages of a file are bands. SUBFILE_TYPE
has the bit PAGE if all pages have the tags of the first, and MASK if they have masks."""

_DESCRIPTIONS = {269, 270, 271, 272, 274, 285, 286, 287, 297, 305, 306, 315, 316}
_KEPT = (
    {PHOTOMETRIC, EXTRA_SAMPLES, *_RESOLUTION}
    | GEOREFERENCE
    | _DESCRIPTIONS
    | {700, 33432, 33723, 34675, 50838, 50839}
)
"""Tags that are kept, in addition to all strings. Other tags may point into their file."""

_COLOURS = {0: 1, 1: 1, 2: 3, 5: 4}
"""Samples of the supported kinds of colours: grey levels from white and from black, RGB, CMYK."""

_LAYOUTS = {"YX": Layout.FHW, "YXS": Layout.FHWB, "SYX": Layout.FBHW}
_MOST_BYTES = 2**32 - 2**25
"""Bytes of pixels above which a file is a BigTIFF."""

_IMAGEJ = "ImageJ="
_IMAGEJ_CHANNELS = re.compile(r"^channels=([1-9]\d{0,5})\s*$", re.MULTILINE)
_OME_CHANNELS = re.compile(r'<(?:\w+:)?Pixels\b[^>]*?\sSizeC="([1-9]\d{0,5})"')
_OME_ORDER = re.compile(r'\sDimensionOrder="XYC')


def read_tiff(file: IO[bytes], options: ReadOptions, notes: Notes) -> Picture:
    """Read the pages of a TIFF file as frames, or as bands if the file says so.

    Raises ImageError if pages differ, or their size or type is not supported; tifffile raises many
    types of errors for damaged files.
    """
    (images, masks), reader = _pages_of(file, options, notes), TiffReader(file)
    absent = sum(page.absent_segments() for page in images)
    kept, page = _kept_tags(images, notes), reader.page(images[0])
    layout, dtype, channels = _layout_of(page), native_type(np.dtype(page.dtype)), 1
    if images[0].samples == 1:
        channels = _channels_in(len(images), kept.text(DESCRIPTION), options)
    if channels > 1:
        layout, kept = Layout.FBHW, _with_marker(kept, PLANAR, 1)
    stated = _nodata_of(kept.text(GDAL_NODATA), dtype)
    nodata = stated if options.nodata is None else options.nodata
    if absent and nodata is None:
        notes.add(f"{absent} of its strips or tiles are missing: aecodec reads their samples as 0")
    samples = _stacked([reader.samples(page, nodata or 0) for page in images], channels)
    mask = None
    if masks:
        kept = _with_marker(kept, SUBFILE_TYPE, MASK)
        mask = _stacked([reader.samples(page, 0) for page in masks], channels) == 0
        if np.any(samples, where=mask):
            notes.add("aecodec drops the samples that its mask hides")
    picture = framed_picture(samples, layout, options.nodata_for(stated, samples, notes), mask)
    metadata = {MetadataKind.TIFF: kept.pack()}
    return replace(picture, is_big_endian=kept.byte_order == ">", metadata=metadata)


def _stacked(pages: Sequence[Array], channels: int) -> Array:
    """Frames (F, H, W, B) of pages (H, W, B), of which so many in a row are channels of a frame."""
    stack = np.stack(pages) if len(pages) > 1 else pages[0][None]  # without a copy
    if channels == 1:
        return stack
    return np.moveaxis(stack.reshape(-1, channels, *stack.shape[1:3]), 1, -1)


def framed_picture(
    samples: Array, layout: Layout, nodata: float | None, mask: Mask | None = None
) -> Picture:
    """Make a picture from frames (F, H, W, B) of a source with the layout FHW, FHWB or FBHW.

    The mask (F, H, W, 1 or B) is True for missing samples; `nodata` is their value.
    """
    if mask is not None:
        samples = np.ma.MaskedArray(samples, np.broadcast_to(mask, samples.shape))
    picture = samples_picture(samples, nodata=nodata)
    is_single = len(samples) == 1
    return replace(picture, layout=Layout[layout.name.removeprefix("F" * is_single)])


def _pages_of(
    file: IO[bytes], options: ReadOptions, notes: Notes
) -> tuple[list[Directory], list[Directory]]:
    """The pages with pictures and those with their masks, counted before samples are read."""
    images, masks = list[Directory](), list[Directory]()
    for page in directories(file):
        if page.is_reduced:
            notes.add(OVERVIEWS)
        elif page.is_sub:
            notes.add(SUB_PICTURES)
        elif page.is_mask:
            page.absent_segments()
            masks.append(page)
        else:
            images.append(page)
            page.check_limits(len(images), options)
    if not images:
        raise ImageError("this TIFF file has no pages, or only reduced-size copies")
    if len({page.kind for page in images}) > 1:
        raise ImageError(
            f"its {len(images)} pages differ in size or type: split it into files of uniform pages"
        )
    if masks and [mask.size for mask in masks] != [page.size for page in images]:
        raise ImageError("its masks do not match its pages in number or size")
    return images, masks


def _kept_tags(images: Sequence[Directory], notes: Notes) -> KeptTags:
    first, *later = ([t for t in page.tags.tags if t.code not in STRUCTURE] for page in images)
    tags = [tag for tag in first if _is_kept(tag)]
    known = load_tifffile().TIFF.TAGS
    if names := [str(known.get(tag.code, tag.code)) for tag in first if tag not in tags]:
        notes.add(f"aecodec drops its TIFF tags {', '.join(names)}")
    general = [tag for tag in tags if tag.code in _ARGUMENTS]
    if any(page_tags not in (tags, general) for page_tags in later):
        notes.add("aecodec keeps only the TIFF tags of the first page, but later pages have others")
    kept = _without_defaults(KeptTags(tags, images[0].tags.byte_order))
    is_repeated = later and tags != general and all(page_tags == tags for page_tags in later)
    return _with_marker(kept, SUBFILE_TYPE, PAGE) if is_repeated else kept


def _layout_of(page: TiffPage) -> Layout:
    if page.dtype is None or page.bitspersample != 8 * page.dtype.itemsize:
        raise ImageError(f"its samples have {page.bitspersample} bits: use 8, 16, 32 or 64 bits")
    native_type(page.dtype)
    if int(page.photometric) not in _COLOURS or page.axes not in _LAYOUTS:
        kind = getattr(page.photometric, "name", page.photometric)
        raise ImageError(
            f"this TIFF file has colours ({kind}) or axes ({page.axes}) that are not supported: "
            "convert it to grey levels, RGB, CMYK or bands"
        )
    if page.samplesperpixel > MAX_BANDS:
        raise ImageError(f"{page.samplesperpixel} bands exceed the limit of {MAX_BANDS}")
    return _LAYOUTS[page.axes]


def _is_kept(tag: Tag) -> bool:
    is_no_number = tag.code in (X_RESOLUTION, Y_RESOLUTION) and not any(tag.value[4:])
    return tag.type in TYPE_SIZES and (tag.code in _KEPT or tag.type == ASCII) and not is_no_number


def _without_defaults(kept: KeptTags) -> KeptTags:
    codes = {PHOTOMETRIC} if kept.numbers(PHOTOMETRIC) == (1,) else set()
    if not any(kept.numbers(EXTRA_SAMPLES)):
        codes.add(EXTRA_SAMPLES)
    if tuple(map(kept.numbers, _RESOLUTION)) == ((1, 1), (1, 1), (1,)):
        codes.update(_RESOLUTION)
    return replace(kept, tags=[tag for tag in kept.tags if tag.code not in codes])


def _with_marker(kept: KeptTags, code: int, bit: int) -> KeptTags:
    """Set a bit of a tag of type SHORT."""
    bits = bit | sum(kept.numbers(code)[:1])
    tag = Tag(code, SHORT, struct.pack(kept.byte_order + "H", bits))
    return replace(kept, tags=[*(tag for tag in kept.tags if tag.code != code), tag])


def _has_marker(kept: KeptTags, code: int, bit: int) -> bool:
    return bool(sum(kept.numbers(code)[:1]) & bit)


def _channels_in(pages: int, text: str, options: ReadOptions) -> int:
    """Number of pages that are the bands of a frame; ImageError if there are too many."""
    channels = _channels_stated(text, pages) if options.band_axis is None else pages
    if channels > MAX_BANDS:
        raise ImageError(f"{channels} bands exceed the limit of {MAX_BANDS}")
    return 1 if pages % channels else channels


def _channels_stated(text: str, pages: int) -> int:
    """Channels in a description of ImageJ or Bio-Formats, if pages of a frame adjoin; else 1."""
    is_imagej = text.startswith(_IMAGEJ)
    match = (_IMAGEJ_CHANNELS if is_imagej else _OME_CHANNELS).search(text)
    channels = int(match[1]) if match else 1
    return channels if is_imagej or channels == pages or _OME_ORDER.search(text) else 1


def _nodata_of(text: str, dtype: np.dtype[Any]) -> float | None:
    """GDAL's nodata value; None if there is none, or the type cannot represent it.

    >>> _nodata_of("-9999", np.dtype("int16")), _nodata_of("-9999", np.dtype("uint8"))
    (-9999, None)
    """
    try:
        return nodata_in(dtype, float(text))
    except ValueError:
        return None


def write_tiff(picture: Picture) -> bytes:
    """Write a losslessly compressed TIFF file; UsageError if it cannot store the picture."""
    kept, samples = _tags_to_write(picture), picture.pixels
    has_values = picture.nodata is not None or samples.dtype.kind == "f"
    mask = None if has_values and not _has_marker(kept, SUBFILE_TYPE, MASK) else picture.missing
    if mask is not None and picture.nodata is None:
        samples = np.where(mask, samples.dtype.type(0), samples)
    if mask is not None and mask.shape[-1] > 1:
        raise UsageError(
            "a TIFF file can store only one mask, but each band of this picture has its own mask: "
            "read the file in Python with aecodec.decompress_array"
        )
    content = io.BytesIO()
    with load_tifffile().TiffWriter(
        content,
        byteorder=">" if picture.is_big_endian else "<",
        bigtiff=samples.nbytes > _MOST_BYTES,
    ) as tiff:
        _write_pages(tiff, picture.layout, samples, kept)
        for plane in () if mask is None else mask[..., 0]:
            tiff.write(~plane, photometric="mask", subfiletype=MASK, metadata=None, software=False)
    return content.getvalue()


def _tags_to_write(picture: Picture) -> KeptTags:
    byte_order = ">" if picture.is_big_endian else "<"
    stored = picture.metadata.get(MetadataKind.TIFF)
    kept = KeptTags.unpack(stored) if stored else KeptTags([], byte_order)
    if kept.byte_order != byte_order:
        raise FormatError("damaged: its TIFF tags and its samples have different byte orders")
    stated, nodata = _nodata_of(kept.text(GDAL_NODATA), picture.pixels.dtype), picture.nodata
    if nodata is None or repr(nodata) == repr(stated):
        return kept
    tags = [tag for tag in kept.tags if tag.code != GDAL_NODATA]
    return KeptTags([*tags, text_tag(GDAL_NODATA, repr(nodata))], byte_order)


def _write_pages(tiff: TiffWriter, layout: Layout | None, samples: Array, kept: KeptTags) -> None:
    is_imagej = kept.text(DESCRIPTION).startswith(_IMAGEJ)
    pages, planarconfig = _pages_to_write(layout, samples, kept)
    photometric = next(iter(kept.numbers(PHOTOMETRIC)), 1)
    channels = 1 if pages.ndim == 3 else samples.shape[-1]
    extra = channels - _COLOURS.get(photometric, channels)
    if extra < 0:
        raise FormatError("damaged: its TIFF tags describe more bands than the file has")
    resolution = [kept.numbers(code) for code in (X_RESOLUTION, Y_RESOLUTION)]
    options: dict[str, Any] = {
        "photometric": photometric,
        "planarconfig": planarconfig,
        "extrasamples": (kept.numbers(EXTRA_SAMPLES) or (0,) * extra) if extra else None,
        "resolution": resolution if all(resolution) else None,
        "resolutionunit": next(iter(kept.numbers(RESOLUTION_UNIT)), None),
        "compression": None if is_imagej else "zlib",
        "predictor": not is_imagej and samples.dtype.name not in ("int64", "uint64"),
        "metadata": None,
        "software": False,
    }
    tags = [
        (tag.code, tag.type, len(tag.value) // TYPE_SIZES[tag.type], tag.value, True)
        for tag in kept.tags
        if tag.code not in _ARGUMENTS
    ]
    for page in [pages] if is_imagej else pages:  # ImageJ needs the pixels of all pages in a row
        tiff.write(page, extratags=tags, **options)
        tags = tags if _has_marker(kept, SUBFILE_TYPE, PAGE) else []


def _pages_to_write(
    layout: Layout | None, samples: Array, kept: KeptTags
) -> tuple[Array, str | None]:
    if samples.shape[-1] == 1:
        return samples[..., 0], None
    if layout not in (Layout.BHW, Layout.FBHW):
        return samples, "contig"
    planes = np.moveaxis(samples, -1, 1)
    return (
        (planes.reshape(-1, *planes.shape[2:]), None) if kept.get(PLANAR) else (planes, "separate")
    )
