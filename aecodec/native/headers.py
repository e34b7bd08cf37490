"""Work on files without decoding them: headers, trimmed files and bare payloads."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import byref, c_size_t, c_uint32, c_void_p
from typing import Any

from aecodec.base.errors import FormatError, UsageError
from aecodec.format.arrays import Layout, Samples, SampleType
from aecodec.format.container import Header, Mode, read_metadata
from aecodec.format.refinement import Bound, Refinement
from aecodec.native import structures
from aecodec.native.codec import NativeCodec
from aecodec.native.library import LIBRARY, taken
from aecodec.native.status import check


def read_info(data: bytes) -> structures.FileInfo:
    """Read and check the header and all checksums of a whole file; FormatError if it is damaged."""
    info = structures.FileInfo()
    check(LIBRARY.aecodec_file_info_of(data, len(data), byref(info)))
    return info


def read_header(data: bytes) -> Header:
    """Read and check the header of a whole file; FormatError if it is damaged."""
    return header_of(data, read_info(data))


def header_of(data: bytes, info: structures.FileInfo) -> Header:
    metadata, origin = read_metadata(part_of(data, info.metadata))
    return Header(
        codec_id=bytes(info.id),
        mode=Mode(info.mode),
        size=(info.width, info.height) if info.width else None,
        level=info.level or None,
        frames=info.frames,
        reduction=info.reduction,
        samples=_samples_of(data, info) if info.has_samples else None,
        alpha=part_of(data, info.alpha),
        metadata=metadata,
        origin=origin,
        as_rgb=bool(info.is_grey_as_rgb),
        refinements=_refinements_of(data, info) if info.refinements else (),
    )


def part_of(data: bytes, part: structures.Part) -> bytes:
    return data[part.at : part.at + part.size]


def _samples_of(data: bytes, info: structures.FileInfo) -> Samples:
    kind, bands = SampleType(info.type), range(info.bands)
    number = float if kind.is_float else int
    return Samples(
        type=kind,
        layout=Layout(info.layout),
        bands=info.bands,
        is_big_endian=bool(info.is_big_endian),
        limits=tuple((number(info.limits[b][0]), number(info.limits[b][1])) for b in bands)
        if info.has_limits
        else None,
        nodata=number(info.nodata) if info.has_nodata else None,
        repetition=tuple(tuple(info.repetition[b]) for b in bands) if info.has_repetition else None,
        mask=part_of(data, info.mask),
        mask_planes=info.mask_planes,
    )


def _refinements_of(data: bytes, info: structures.FileInfo) -> tuple[Refinement, ...]:
    parts, count = (structures.Refinement * structures.MAX_REFINEMENTS)(), c_uint32()
    check(LIBRARY.aecodec_file_refinements(data, len(data), parts, byref(count)))
    is_float = info.has_samples and SampleType(info.type).is_float
    return tuple(_refinement_of(part, bool(is_float)) for part in parts[: count.value])


def _refinement_of(part: structures.Refinement, is_float: bool) -> Refinement:
    is_root = bool(part.is_root)
    number = float if is_float or is_root else int
    bounds = tuple(Bound(number(error), is_root=is_root) for error in part.errors[: part.bands])
    return Refinement(bounds, bool(part.has_base), part.size)


def read_beginning(data: bytes) -> structures.FileInfo:
    """Read the number of pictures of a file, and whether it has samples, from its first bytes.

    `structures.BEGINNING` bytes are enough. FormatError if it is not an `.aec` file.
    """
    info = structures.FileInfo()
    check(LIBRARY.aecodec_beginning_of(data, len(data), byref(info)))
    return info


def trimmed(data: bytes, bound: Bound | None = None) -> bytes:
    """Remove refinements from a file; see :func:`aecodec.trim`."""
    error, is_root = (-1.0, False) if bound is None else (bound.error, bound.is_root)
    status, content = _bytes_from(LIBRARY.aecodec_trim, data, len(data), error, is_root)
    if status == structures.NO_BASE:
        bounds = ", ".join(part.largest_bound.text for part in read_header(data).refinements)
        raise UsageError(
            "the file has no base picture, so keep at least one refinement: set --max-error (in "
            f"Python, max_error) to one of {bounds}"
        )
    if status == structures.NOT_GUARANTEED and bound is not None:
        raise UsageError(_lack_of_guarantee(read_header(data).refinements, bound))
    check(status)
    return content


def _lack_of_guarantee(refinements: Sequence[Refinement], bound: Bound) -> str:
    if not refinements:
        return "the file has no refinements, so it does not guarantee a maximum error"
    guaranteed = refinements[-1].largest_bound.text
    return f"the file guarantees a maximum error of {guaranteed}, not of {bound.text}"


def to_bare(codec: NativeCodec, data: bytes, checksum: bool) -> bytes:
    """Convert a file to its bare payload; see :meth:`aecodec.Codec.to_bare`."""
    status, content = _bytes_from(LIBRARY.aecodec_to_bare, codec.handle, data, len(data), checksum)
    check(status)
    return content


def from_bare(codec: NativeCodec, payload: bytes, checksum: bool) -> bytes:
    """Convert a bare payload to its file; see :meth:`aecodec.Codec.from_bare`."""
    size = len(payload)
    status, content = _bytes_from(LIBRARY.aecodec_from_bare, codec.handle, payload, size, checksum)
    if status == structures.BAD_CHECKSUM:
        raise FormatError(
            "damaged: the payload's checksum is wrong. The payload was changed, belongs to a "
            "different codec, or has no checksum"
        )
    check(status)
    return content


def _bytes_from(function: Any, *arguments: Any) -> tuple[int, bytes]:
    """Call a function that makes bytes; return its status, and the bytes if it is OK."""
    address, size = c_void_p(), c_size_t()
    status = function(*arguments, byref(address), byref(size))
    if status != structures.OK:
        return status, b""
    return status, taken(address, size.value)
