"""docs/FORMAT.md, sections 2, 6 and 7: from a file to pixels or samples."""

from types import SimpleNamespace as Fields
from typing import Any

import numpy as np
from reference.codec_file import BANDS, DECODER, Codec
from reference.container import SAMPLES, Reader, inflate, read_file
from reference.entropy import decode_message, segments
from reference.refinements import beside, refine

from aecodec.native.networks import NativeNetwork


def decode(data: bytes, codec: Codec) -> Any:
    """Decode a file of a codec, or of the codec `samples`, to fields.

    They are `header`; `pixels` (frames, height, width, channels), uint8 with alpha last, or
    samples; `missing` (frames, height, width, planes) or None; and `codes` (N, K), or None
    without a base.
    """
    header, refinements = read_file(data)
    is_built_in = header.codec_id == SAMPLES
    g = geometry_of_samples(header) if is_built_in else geometry_of(codec, header)
    picture = Fields(header=header, codes=None, missing=None)
    dtype, channels = np.dtype(np.uint8), g.channels
    if header.samples:
        dtype, channels = header.samples.dtype, header.samples.bands
        picture.missing = mask_of(header, g) if header.samples.planes else None
    pixels = np.zeros((header.frames, g.height, g.width, channels), dtype)
    if not is_built_in:
        pixels = decode_base(codec, header, g, picture, pixels)
    for refinement in refinements:
        nodata = header.samples and header.samples.nodata
        parts = pixels, picture.missing, nodata, None if is_built_in else codec
        pixels = refine(refinement, *parts)
    if header.samples:
        pixels = with_nodata(pixels, picture.missing, header.samples.nodata)
    if header.has_alpha and not is_built_in:
        alpha = inflate(header.alpha)
        pixels = np.concatenate([pixels, alpha.reshape(*pixels.shape[:3], 1)], axis=3)
    if 7 in header.metadata:
        pixels = np.concatenate([pixels[..., :1]] * 2 + [pixels], axis=3)
    picture.pixels = pixels
    return picture


def with_nodata(samples: Any, missing: Any, nodata: Any) -> Any:
    """Section 7: missing samples, which are the only ones that have the value nodata."""
    if nodata is not None and not np.isnan(nodata):
        below, above = beside(nodata)
        moved = above if np.isfinite(above) and above != nodata else below
        samples = np.where(samples == nodata, moved, samples)
    default = samples.dtype.type(np.nan if samples.dtype.kind == "f" else 0)
    is_missing = False if missing is None else missing
    return np.where(is_missing, default if nodata is None else nodata, samples)


def decode_base(codec: Codec, header: Any, g: Any, picture: Any, pixels: Any) -> Any:
    """Sections 2 to 7: the pixels or samples of a base, or those of a file without one."""
    level = codec.level(header.level or 16 * codec.default_level)
    bands = bands_of(codec, header) if header.samples else None
    if not header.has_base:
        return pixels
    picture.codes = decode_payload(codec, level, header.payload, g)
    output = run_network(codec, dequantize(codec, level, picture.codes, g), g)
    return to_samples(header, output, *bands) if bands else to_pixels(output, g)


def geometry_of_samples(header: Any) -> Any:
    """Section 8: what a file of the codec `samples` needs to fit."""
    g = Fields(width=header.width or 28, height=header.height or 28)
    g.channels = header.channels + bool(header.has_alpha)
    return g


def geometry_of(codec: Codec, header: Any) -> Any:
    """Sections 1 and 2: what file and codec need to fit, tiles and planes."""
    g = Fields(width=header.width or codec.tile[1], height=header.height or codec.tile[0])
    g.coded_width = -(-2 * g.width // header.reduction)
    g.coded_height = -(-2 * g.height // header.reduction)
    g.rows, g.columns = -(-g.coded_height // codec.tile[0]), -(-g.coded_width // codec.tile[1])
    is_split = codec.channels == 1 and not codec.phases
    g.channels, g.planes = header.channels, header.frames * (header.channels if is_split else 1)
    return g


def decode_payload(codec: Codec, level: Any, payload: bytes, g: Any) -> Any:
    """Section 4: the codes (N, K)."""
    shape = g.planes, g.rows, g.columns
    parts = segments(shape, 128)
    if not codec.receptive_field:
        shape = 1, 1, g.planes * g.rows * g.columns * codec.vectors
        parts = [tuple(slice(0, side) for side in shape)]
    codes = np.empty((*shape, level.stop - level.start), int)
    for part, message in zip(parts, Reader(payload).messages(len(parts)), strict=True):
        sides = codes[part].shape[:3]
        codes[part] = decode_message(level.tables, message, sides).reshape(*sides, -1)
    return codes.reshape(-1, codes.shape[3])


def dequantize(codec: Codec, level: Any, codes: Any, g: Any) -> Any:
    """Section 6: the input of the decoder network (planes, rows, columns, vectors * channels)."""
    f, m = level.factors, level.multiple
    latents = codes * m if f is None else (codes * 2**16 + f) // (2 * f)
    result = np.zeros((len(codes), codec.latents), np.int8)
    result[:, level.start : level.stop] = np.clip(latents, -128, 127)
    return result.reshape(g.planes, g.rows, g.columns, -1)


def run_network(codec: Codec, latents: Any, g: Any) -> Any:
    """Section 6: pixels (planes, height, width, channels), 0 to 255. The library runs the plan."""
    network = NativeNetwork(codec.section(DECODER))
    shape = g.planes, g.rows, g.columns, *codec.tile
    if codec.receptive_field:
        output = np.stack([network(plane) for plane in latents]).astype(int)
    else:
        tiles = np.stack([network(tile) for tile in latents.reshape(-1, latents.shape[3])])
        output = tiles.astype(int).reshape(*shape, -1).transpose(0, 1, 3, 2, 4, 5)
    output = output.reshape(g.planes, g.rows * codec.tile[0], g.columns * codec.tile[1], -1)
    return output[:, : g.coded_height, : g.coded_width] + 128


def to_pixels(planes: Any, g: Any) -> Any:
    """Section 6: pixels (frames, height, width, 1 or 3)."""
    if planes.shape[3] == 1:  # a codec with one channel
        planes = planes.reshape(-1, g.channels, *planes.shape[1:3]).transpose(0, 2, 3, 1)
    elif g.channels == 1:
        planes = (planes.sum(axis=3, keepdims=True) + 1) // 3
    planes = enlarge(planes.swapaxes(1, 2), g.width).swapaxes(1, 2)
    return enlarge(planes, g.height).astype(np.uint8)


def enlarge(old: Any, side: int) -> Any:
    """Section 6: (frames, rows, columns, channels) with another number of rows."""
    if old.shape[1] == side:
        return old
    s, new = old.shape[1] / side, []
    for n in range(side):
        m = np.arange(old.shape[1])
        x = np.abs(m + 0.5 - (n + 0.5) * s)
        m, x = m[x < 2], x[x < 2]
        inner, outer = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
        w = np.where(x <= 1, inner, outer)
        factors = np.trunc(w / w.sum() * 2**22 + np.copysign(0.5, w)).astype(int)
        new.append(np.einsum("m,fmxc->fxc", factors, old[:, m]))
    return np.clip((np.stack(new, axis=1) + 2**21) >> 22, 0, 255)


def bands_of(codec: Codec, header: Any) -> tuple[Any, Any, Any]:
    """Sections 3 and 7: the lower and the upper limits (B,), and the transfer tables (B, V + 1)."""
    content, samples, count = codec.section(BANDS), header.samples, 255 * codec.phases + 1
    limits = np.frombuffer(content, "<f8", 2 * codec.channels, 8).reshape(-1, 2)
    transfer = np.frombuffer(content, "<u2", codec.channels * count, 8 + limits.nbytes)
    low, high = (limits if samples.limits is None else samples.limits).T
    is_float = samples.dtype.kind == "f"
    info: Any = np.finfo(samples.dtype) if is_float else np.iinfo(samples.dtype)
    low, high = (low, high) if is_float else (np.floor(low), np.ceil(high))
    low, high = (np.clip(limits, float(info.min), float(info.max)) for limits in (low, high))
    return low, high, transfer.reshape(-1, count).astype(int)


def to_samples(header: Any, output: Any, low: Any, high: Any, transfer: Any) -> Any:
    """Section 7: samples (frames, height, width, bands)."""
    values = output.reshape(*output.shape[:3], len(low), -1).sum(axis=4)
    for band, (r, y, x) in enumerate(header.samples.repetition):
        rows = np.append(sorted({0, *range(y, values.shape[1], r)}), values.shape[1])
        columns = np.append(sorted({0, *range(x, values.shape[2], r)}), values.shape[2])
        sums = np.add.reduceat(values[..., band], rows[:-1], axis=1)
        sums = np.add.reduceat(sums, columns[:-1], axis=2)
        n = np.outer(np.diff(rows), np.diff(columns))
        means = ((2 * sums + n) // (2 * n)).repeat(np.diff(rows), axis=1)
        values[..., band] = means.repeat(np.diff(columns), axis=2)
    dtype, t = header.samples.dtype, transfer[np.arange(len(low)), values]
    if dtype.kind == "f":
        return (low + (high - low) * (t / 65535)).astype(dtype)
    low, high = low.astype(int), high.astype(int)
    return (low + (2 * (high - low) * t + 65535) // 131070).astype(dtype)


def mask_of(header: Any, g: Any) -> Any:
    """Section 7: the mask (frames, height, width, planes)."""
    shape = header.frames, header.samples.planes, g.height, g.width
    count = int(np.prod(shape))
    bits = np.unpackbits(inflate(header.samples.mask))
    return np.moveaxis(bits[:count].reshape(shape).astype(bool), 1, 3)
