"""Make golden files with refinements, valid and damaged, and list the SHA-256 of their samples.

    python tests/golden/make_refined.py

Files that exist stay as they are: released files must be read for ever.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1])]

import numpy as np
from helpers.codecs.golden import REFINED, REFUSED, golden_codecs, refined_sha256
from helpers.real_data import load_photograph
from PIL import Image

import aecodec
from aecodec import Codec
from aecodec.data.samples import sample_paths
from aecodec.format import container
from aecodec.format.binary import block
from aecodec.format.refinement import MOST_BOUND, Bound, Refinement


def files() -> Iterator[tuple[str, Codec, Any, dict[str, Any]]]:
    """(name, codec, samples, options) of each golden file."""
    digits, photo = aecodec.load_codec("digits"), aecodec.load_codec("photo")
    photograph = load_photograph()[150:190, 200:251]
    pictures = np.stack([np.asarray(Image.open(path)) for path in sample_paths()[:3]])
    yield "digit_lossless", digits, pictures[0], {"max_error": 0}
    yield "digits_nested", digits, pictures, {"max_error": [32, 8, 0], "level": 1}
    yield "photo_lossless", photo, photograph, {"max_error": 0}
    yield "photo_level", photo, photograph, {"max_error": 4, "level": 2.5}
    yield "grey_lossless", photo, photograph[..., 1], {"max_error": 0}
    yield "photo_grey", photo, photograph[..., 1], {"max_error": 2, "level": 1}
    yield "photo_roots", photo, photograph, {"max_error": "0.5sqrt", "level": 1}
    yield from _with_bands(next(c for c in golden_codecs().values() if c.spec.bands))


def _with_bands(codec: Codec) -> Iterator[tuple[str, Codec, Any, dict[str, Any]]]:
    """Files of a codec that has no encoder: their bases are those of latents of 0."""
    tile, channels = codec.spec.tile, codec.spec.latent_channels
    codec.encoder.transform = lambda batch: np.zeros(
        (1, batch.shape[1] // tile[0], batch.shape[2] // tile[1], channels), np.int8
    )
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 30, (13, 17, codec.spec.channels)).cumsum(axis=1)
    masked = np.ma.masked_array(samples.astype(np.int16), rng.random(samples.shape) < 0.1)
    yield "bands_masked", codec, masked, {"max_error": 3}
    names = codec.spec.bands.names
    errors = [dict(zip(names, [e, 9, 2, 0, 3, 5, 7, 1], strict=False)) for e in (20, 4)]
    yield "bands_bounds", codec, masked, {"max_error": errors, "level": 1}
    roots = {"max_error": ["4sqrt", "0.5sqrt", 0], "level": 1}
    yield "bands_roots", codec, masked, roots
    yield "bands_bits", codec, samples.astype(np.float32), {"max_error": 0}
    yield "bands_float", codec, samples.astype(np.float32), {"max_error": 0.5, "level": 1}
    yield "bands_half", codec, samples.astype(np.float16), {"max_error": 0}


def refused() -> Iterator[tuple[str, bytes]]:
    """(name, content) of each file that decoders must reject."""
    digits = aecodec.load_codec("digits")
    digit = np.asarray(Image.open(sample_paths()[0]))
    data = digits.compress(digit, level=1, max_error=[32, 8])
    header, payload = container.unpack(data)
    first, second = header.refinements

    def pack(*refinements: Refinement, payload: bytes = payload) -> bytes:
        return container.pack(header._replace(refinements=refinements), payload)

    def with_flags(flags: int) -> bytes:
        content = pack(first)
        place = content.rindex(first.networks) - 1
        return _with_checksum(
            content[:place] + bytes([content[place] ^ flags]) + content[place + 1 : -4]
        )

    yield "refined_checksum", data[:-1] + bytes([data[-1] ^ 1])
    place = data.index(second.networks) - 3  # before the length and the flags
    inner = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 : -4]
    yield "refined_first_checksum", _with_checksum(inner)
    yield "refined_flag", with_flags(16)
    yield "refined_floats_and_roots", with_flags(4 | 8)
    yield "refined_floats", pack(first._replace(bounds=[Bound(9.0)], is_float=True))
    yield "refined_not_followed", with_flags(1)
    yield "refined_none", data[:3] + block(container.base_of(data))
    yield (
        "refined_twice",
        data[:3] + block(data) + pack(first)[3 + len(block(container.base_of(data))) :],
    )
    yield "refined_bytes_behind", data + b"\0"
    yield "refined_17", pack(*[first._replace(bounds=[Bound(99 - n)]) for n in range(17)])
    yield "refined_no_bounds", pack(first._replace(bounds=[]))
    yield "refined_33_bounds", pack(first._replace(bounds=[Bound(9)] * 33))
    yield "refined_two_bounds", pack(first._replace(bounds=[Bound(32)] * 2))
    yield "refined_bound", pack(first._replace(bounds=[Bound(MOST_BOUND + 1)]))
    yield "refined_root", pack(first._replace(bounds=[Bound(4096, is_root=True)]))
    yield "refined_without_base", pack(first, second._replace(base_checksum=None))
    yield "refined_payload", pack(first._replace(base_checksum=None))
    yield "refined_base", pack(first._replace(base_checksum=0))
    yield "refined_networks", pack(first._replace(networks=b"none"))
    message = first.messages[0]
    yield "refined_message_longer", pack(first._replace(messages=[message + b"\0"]))
    yield "refined_message_changed", pack(first._replace(messages=[b"\xff" * len(message)]))


def refused_segments() -> Iterator[tuple[str, bytes]]:
    """(name, content) of each file with damaged messages of two segments."""
    picture = (np.arange(300, dtype=np.uint8) // 9 * 7)[None]
    data = aecodec.load_codec("digits").compress(picture, level=1, max_error=3)
    header, payload = container.unpack(data)
    messages = header.refinements[0].messages[0]
    for name, wrong in (
        ("refined_message_cut", messages[: messages[0]]),
        ("refined_segment_past_the_end", bytes([len(messages)]) + messages[1:]),
        ("refined_segment_longer", bytes([messages[0] + 1]) + messages[1:]),
    ):
        refinement = header.refinements[0]._replace(messages=[wrong])
        yield name, container.pack(header._replace(refinements=(refinement,)), payload)


def _with_checksum(data: bytes) -> bytes:
    return data + zlib.crc32(data).to_bytes(4, "little")


def refused_with_bands() -> Iterator[tuple[str, bytes]]:
    """(name, content) of each file with bands that decoders must reject."""
    for name, source, is_float, bound in (
        ("unit", "float", True, Bound(1.0, 2.5)),
        ("infinite", "float", True, Bound(float("inf"), 1.0)),
        ("integers", "float", False, Bound(1)),
        ("roots", "half", False, Bound(1, is_root=True)),
    ):
        header, payload = container.unpack((REFINED / f"bands_{source}.aec").read_bytes())
        refinement = header.refinements[0]._replace(bounds=[bound], is_float=is_float)
        content = container.pack(header._replace(refinements=(refinement,)), payload)
        yield f"refined_bands_{name}", content


def main() -> None:
    """Write the files that are not there yet, and the list."""
    REFINED.mkdir(exist_ok=True)
    for name, data in chain(refused(), refused_segments(), refused_with_bands()):
        path = REFUSED / f"{name}.aec"
        if not path.exists():
            path.write_bytes(data)
    for name, codec, samples, options in files():
        path = REFINED / f"{name}.aec"
        if not path.exists():
            path.write_bytes(codec.compress(samples, **options))
    sums = {path.name: refined_sha256(path.read_bytes()) for path in sorted(REFINED.glob("*.aec"))}
    lines = [f"{digest}  {name}\n" for name, digest in sums.items()]
    (REFINED / "samples.sha256").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()
