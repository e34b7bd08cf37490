"""Make golden files that are missing, and list what all golden files hold.

    python tests/golden/make.py

Files that exist stay as they are: released files must be read for ever. The other golden files were
made once, by hand and by earlier programs.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1])]

import numpy as np
import zarr
from helpers.codecs.golden import (
    GOLDEN,
    LIST,
    REFINED,
    REFUSED,
    ZARR,
    Digests,
    digests,
    golden_codecs,
    little_endian,
    refined_sha256,
    sha256,
)
from helpers.real_data import load_photograph
from helpers.writer import Part, pack, unpack, with_checksum

import aecodec
from aecodec.codec.registry import remember
from aecodec.format.binary import block, leb128
from aecodec.format.container import Header
from aecodec.format.refinement import Bound
from aecodec.zarr import Aecodec


def golden_files() -> Iterator[tuple[str, np.ndarray, dict[str, Any]]]:
    """(name, pixels, options) of files of version 1; see :func:`codec_named`."""
    photograph = load_photograph()[150:247, 200:333]
    alpha = np.tile(np.arange(133, dtype=np.uint8), (97, 1))
    yield "photo", photograph, {}
    yield "photo_grey_between_levels", photograph[..., 1], {"level": 2.5}
    yield "photo_with_alpha", np.dstack([photograph, alpha]), {"level": 8}
    yield "photo_stack", np.stack([photograph, photograph[::-1]]), {"level": 1}
    yield "photo_one_tile_high", photograph[:10], {"level": 5}
    checks = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((4, 4)))  # unlike any photograph
    yield "photo_escapes", np.uint8(255 * checks), {"level": 8}


def refined_files() -> Iterator[tuple[str, np.ndarray, dict[str, Any]]]:
    """(name, samples, options) of each file with refinements; see :func:`codec_named`."""
    crop = load_photograph()[150:190, 200:251]
    small, grey = crop[:14, :17], crop[..., 1]
    digits = np.stack([grey[:28, :28], grey[12:, 9:37], grey[5:33, 20:48]])
    yield "digit_lossless", digits[0], {"max_error": 0}
    yield "digits_nested", digits, {"level": 1, "max_error": (16, 4, 0)}
    yield "photo_lossless", crop, {"max_error": 0}
    yield "photo_level", crop, {"level": 2.5, "max_error": 4}
    yield "photo_roots", crop, {"level": 1, "max_error": "0.5sqrt"}
    yield "photo_grey", grey, {"level": 1, "max_error": 2}
    holes, numbers = (small > 150) & (small < 170), small.astype(np.int32) * 7 - 900
    masked, floats = np.ma.MaskedArray(numbers, holes), np.where(holes, np.nan, small / 7 - 3)
    bounds = [{"band 1": 40, "band 2": 9, "band 3": 0}, {"band 1": 3, "band 2": 9, "band 3": 0}]
    yield "bands_bits", floats.astype(">f4"), {"max_error": (1, 0)}
    yield "bands_half", floats.astype(np.float16), {"max_error": (1, 0)}
    yield "bands_float", np.float32([floats, floats[::-1]]), {"max_error": (2, 0.01)}
    yield "bands_bounds", numbers.astype(np.int16), {"max_error": bounds}
    yield "bands_masked", masked, {"max_error": (9, 2)}
    yield "bands_roots", small.astype(np.uint16) * 99, {"max_error": ("2sqrt", "0.5sqrt", 0)}
    few, wide = crop[20:, :20] // 64, load_photograph()[150:156, 200:500]
    yield "samples_grey", grey, {"max_error": 0}
    yield "samples_rgb", wide, {"max_error": 0}
    alpha = holes[..., 0] * np.uint8(255)
    yield "samples_alpha", np.dstack([small, alpha]), {"max_error": 3}
    yield "samples_grey_alpha", np.dstack([small[..., 1], alpha]), {"max_error": 4}
    yield "samples_palette", few * 85, {"max_error": 0}
    yield "samples_table", few[..., 0].astype(np.uint16) ** 5, {"max_error": 0}
    yield "samples_table_of_steps", few[..., 0] * np.int32(50), {"max_error": 2}
    sums = crop[:20, :20] @ np.int32([1, 9, 900])
    yield "samples_fixed", sums.repeat(2, 0).repeat(2, 1), {"max_error": 9}
    yield "samples_rows", wide[..., 1].T.astype(">u2") * 9, {"max_error": "1sqrt"}
    yield "samples_masked", masked[..., :2], {"max_error": 0}
    yield "samples_bits", floats.astype(np.float32)[..., 0], {"max_error": 0}
    yield "samples_float64", 1e9 + floats, {"max_error": 0.01}
    yield "samples_uint32", small[..., 0] * np.uint32(16_000_000), {"max_error": 1000}
    yield "samples_int64", numbers + np.int64(10**15), {"max_error": 0}
    yield "samples_uint64", small.astype(np.uint64) * 10**12, {"max_error": 10**6}
    many = np.stack([small[:6, :7, 0] // n for n in range(1, 41)])
    yield "samples_bands", many, {"max_error": 0, "band_axis": 0}


def codec_named(name: str) -> aecodec.Codec:
    """The codec of a golden file, which its name begins with unless it is `digits`."""
    start, named = name.partition("_")[0], {c.spec.name: c for c in golden_codecs().values()}
    if start in named:
        return named[start]
    return aecodec.load_codec(start if start in ("photo", "samples") else "digits")


def lossless(codec: str, array: np.ndarray, **options: Any) -> tuple[Header, bytes, bytes]:
    """The header and the payload of a file, and the message of its only segment."""
    data = codec_named(codec).compress(array, max_error=0, **options)
    (refinement,) = aecodec.read_header(data).refinements
    return *unpack(data), data[-4 - refinement.size : -4]


def raised(data: bytes, place: int, by: int = 1) -> bytes:
    """Bytes, one of which is larger."""
    changed = bytearray(data)
    changed[place] = (changed[place] + by) % 256
    return bytes(changed)


def table(values: int, *numbers: int) -> bytes:
    """A table or a palette of choices."""
    content = b"".join(map(leb128, numbers))
    return leb128(values - 1) + leb128(len(content)) + block(zlib.compress(content))


def refused_files() -> Iterator[tuple[str, bytes]]:
    """(name, file) of files that break a single rule of version 2."""
    tile = np.arange(784).reshape(28, 28).astype(np.uint8)
    header, message = lossless("digits", tile)[0], lossless("samples", tile)[2]
    root, part = Bound(0, is_root=True), Part(message=message)
    for name, fields in {
        "floats": {"bounds": [Bound(1)], "unit": 1.0},
        "floats_and_roots": {"bounds": [root], "unit": 0.0},
        "no_bounds": {"bounds": []},
        "257_bounds": {"bounds": [Bound(0)] * 257},
        "two_bounds": {"bounds": [Bound(0)] * 2},
        "bound": {"bounds": [Bound(1 << 30)]},
        "root": {"bounds": [root._replace(error=1 << 12)]},
        "message_longer": {"message": message + b"\0"},
        "message_changed": {"message": b"\xff" * 9},
        "choices_flag": {"choices": b"\4\0"},
        "choices_exchanged": {"choices": b"\1\0"},
        "choices_band": {"choices": b"\0\x08"},
        "choices_limits": {"choices": b"\0\2\0\x80\2"},
        "choices_behind": {"choices": b"\0\0\0"},
        "primed_table": {"choices": b"\0\4" + table(2, 0, 254), "is_primed": True},
        "primed_roots": {"bounds": [root], "is_primed": True},
    }.items():
        yield f"refined_{name}", pack(header, b"", [part._replace(**fields)])
    file = pack(header, b"", [part])
    yield "refined_flag", with_checksum(raised(file[:-4], 11, 128))
    yield "refined_not_followed", with_checksum(raised(file[:-4], 11))
    yield "refined_none", with_checksum(file[:9])
    yield "refined_bytes_behind", with_checksum(file + b"\0")
    yield "refined_checksum", raised(file, -1)
    yield "refined_without_base", pack(header, b"", [part, part])
    yield "refined_level", pack(header._replace(level=72), b"", [part])
    yield from refused_with_base(tile, part)
    yield from refused_segments()
    yield from refused_bands(root)
    header, _, message = lossless("samples", tile)
    yield "samples_version_1", pack(header, b"")
    yield "samples_level", pack(header._replace(level=16), b"", [Part(message=message)])
    yield "samples_primed", pack(header, b"", [part._replace(is_primed=True)])
    yield (
        "samples_base",
        pack(header, b"", [Part(base_checksum=zlib.crc32(0 * tile), message=message)]),
    )


def refused_with_base(tile: np.ndarray, part: Part) -> Iterator[tuple[str, bytes]]:
    """Files of version 2 whose file of version 1 has a payload."""
    header, payload, message = lossless("digits", tile, level=1)
    base = zlib.crc32(aecodec.decompress_array(pack(header, payload)))
    nested = Part(base_checksum=base, message=message)
    identity = b"\0\4" + table(256, *[0] * 256)
    two = pack(header, payload, [nested])
    yield "refined_twice", with_checksum(two[:3] + block(two) + block(nested.pack(False)))
    yield "refined_primed_base", pack(header, payload, [nested._replace(is_primed=True)])
    yield "refined_17", pack(header, payload, [nested] * 17)
    yield "refined_payload", pack(header, payload, [part])
    yield "refined_base", pack(header, payload, [nested._replace(base_checksum=0)])
    yield "refined_table", pack(header, payload, [nested._replace(choices=identity)])
    twice = codec_named("digits").compress(tile, level=1, max_error=(4, 0))
    changed = raised(twice[:-4], len(aecodec.trim(twice, 4)) - 1)
    yield "refined_first_checksum", with_checksum(changed)


def refused_segments() -> Iterator[tuple[str, bytes]]:
    """Files of version 2 with an index of two segments."""
    wide = np.arange(900).reshape(3, 300).astype(np.uint8)
    file = codec_named("digits").compress(wide, max_error=0)
    head, messages = file[:28], file[32:]  # the size is at 12, the index from 17 to 27
    more, three = raised(head, 12), raised(raised(head, 12, 5), 17) + bytes(5)
    yield "refined_head_checksum", raised(file, 31)
    yield "refined_message_checksum", raised(file, -1)
    yield "refined_index_of_three", with_checksum(three) + messages
    yield "refined_segment_cut", file[:-1]
    yield "refined_segment_past_the_end", with_checksum(raised(head, 23)) + messages
    yield "refined_segment_bytes_behind", with_checksum(more) + messages + b"\0"


def refused_bands(root: Bound) -> Iterator[tuple[str, bytes]]:
    """Files of version 2 of the codec `bands`."""
    lines = np.indices((20, 20)).sum(0) % 5 % 2
    array = np.dstack([9 * lines, 7 * lines, lines])
    header, _, message = lossless("bands", array.astype(np.int16))
    masked = header.samples._replace(mask=zlib.compress(bytes(50)), mask_planes=1)
    colours = (0, 0, 0, 14, 18, 2), (14, 18, 2, 13, 17, 1)
    up, down = (Part(choices=b"\3" + table(2, *c), message=message) for c in colours)
    yield "refined_bands_palette", pack(header._replace(samples=masked), b"", [up])
    yield "refined_bands_colours", pack(header, b"", [down])
    header, _, message = lossless("bands", array.astype(np.float32))
    for name, bound, unit in (
        ("unit", Bound(0.5), 2.0),
        ("infinite", Bound(np.inf), 1.0),
        ("integers", Bound(0), None),
        ("roots", root, None),
    ):
        yield f"refined_bands_{name}", pack(header, b"", [Part([bound], unit, message=message)])


def arrays() -> Iterator[tuple[str, np.ndarray, tuple[int, ...], Aecodec]]:
    """(name, array, shape of chunks, codec) of each array of Zarr."""
    crop = load_photograph()[150:190, 200:248]
    alpha = np.repeat(np.uint8([[0, 255]]), 24, axis=1) * np.ones((40, 1), np.uint8)
    frames = np.stack([np.dstack([pixels, alpha]) for pixels in (crop, crop[::-1])])
    yield "photo", crop, (24, 32, 3), Aecodec("photo", 3)
    yield "photo_planes", np.moveaxis(crop, -1, 0), (3, 40, 48), Aecodec("photo", max_error=0)
    yield "photo_alpha", frames, frames.shape, Aecodec("photo", 1)
    for dtype, shape, error in (
        ("uint8", (6, 8, 3), 0),
        ("uint16", (3, 13, 17), 2),
        ("int16", (2, 3, 8, 10), 1),
        ("int32", (2, 6, 8, 3), 0),
        ("float16", (3, 5, 7), 0.5),
        ("float32", (9, 8, 3), 0.01),
    ):
        missing, nodata = (np.nan, None) if "float" in dtype else (0, 0)
        numbers = np.resize(crop, shape) / 3
        array = np.where(numbers % 16 > 1, numbers, missing).astype(dtype)
        yield f"bands_{dtype}", array, shape, Aecodec(codec_named("bands"), None, nodata, error)


def write_lists() -> None:
    """List the digests of all golden files, files with refinements, and arrays of Zarr."""
    of_files = {path.stem: digests(path.read_bytes()) for path in sorted(GOLDEN.glob("*.aec"))}
    lines = [
        f"{getattr(of_file, kind)}  {kind}  {name}\n"
        for kind in Digests._fields
        for name, of_file in of_files.items()
    ]
    LIST.write_text("".join(lines), "utf-8")
    refined = sorted(REFINED.glob("*.aec"))
    lines = [f"{refined_sha256(path.read_bytes())}  {path.name}\n" for path in refined]
    (REFINED / "samples.sha256").write_text("".join(lines), "utf-8")
    for codec in golden_codecs().values():
        remember(codec)
    names = sorted(path.name for path in ZARR.iterdir() if path.is_dir())
    arrays = (zarr.open_array(ZARR / name, mode="r")[...] for name in names)
    lines = [f"{sha256(little_endian(a))}  {n}\n" for a, n in zip(arrays, names, strict=True)]
    (ZARR / "arrays.sha256").write_text("".join(lines), "utf-8")


def write_files(folder: Path, files: Iterator[tuple[str, np.ndarray, dict[str, Any]]]) -> None:
    """Write the files that are not there yet, and the codes of those of version 1."""
    for name, samples, options in files:
        if not (folder / f"{name}.aec").exists():
            data = codec_named(name).compress(samples, **options)
            (folder / f"{name}.aec").write_bytes(data)
            if folder is GOLDEN:
                np.save(folder / f"{name}.npy", codec_named(name).decoder.codes(data))


def write_all() -> None:
    """Write what is not there yet, and all refused files of version 2."""
    write_files(GOLDEN, golden_files())
    write_files(REFINED, refined_files())
    for name, content in refused_files():
        (REFUSED / f"{name}.aec").write_bytes(content)
    transpose = {"name": "transpose", "configuration": {"order": [1, 2, 0]}}
    for name, array, chunks, serializer in arrays():
        if not (ZARR / name).exists():
            filters = [transpose] if name == "photo_planes" else []
            coding = {"filters": filters, "serializer": serializer, "compressors": None}
            zarr.create_array(ZARR / name, data=array, chunks=chunks, **coding)


if __name__ == "__main__":
    write_all()
    write_lists()
