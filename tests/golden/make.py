"""Make the refused files of version 2, and list what all golden files hold.

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
from helpers.writer import Part, pack, unpack, with_checksum

import aecodec
from aecodec.codec.registry import remember
from aecodec.format.binary import block, leb128
from aecodec.format.container import Header
from aecodec.format.refinement import Bound


def codec_named(name: str) -> aecodec.Codec:
    """A golden codec, or one that ships."""
    named = {codec.spec.name: codec for codec in golden_codecs().values()}
    return named.get(name) or aecodec.load_codec(name)


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


if __name__ == "__main__":
    for stem, content in refused_files():
        (REFUSED / f"{stem}.aec").write_bytes(content)
    write_lists()
