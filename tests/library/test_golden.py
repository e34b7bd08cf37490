"""C reads the golden files to the very pixels, and refuses all that a decoder has to refuse."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
from helpers.c.beside_python import refusal, rejection
from helpers.codecs.golden import (
    GOLDEN,
    INTACT,
    REFINED,
    REFUSED,
    codec_of,
    golden_codecs,
    id_in,
    little_endian,
    sha256,
)

from aecodec import load_codec
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec_files.folder import CodecFolder
from aecodec.format.limits import UNLIMITED
from aecodec.imaging.picture import to_array
from benchmarks.c_codec import (
    DAMAGED_REFINEMENT,
    FORMAT_ERROR,
    HAS_REFINEMENTS,
    OTHER_BASE,
    OTHER_CODEC,
    OTHER_RESIDUALS,
    CCodec,
    Limits,
    bundle_of,
)

ANY = Limits(1 << 30, 1 << 24)
STATUS_OF_INTACT = dict(zip(INTACT, (OTHER_CODEC, OTHER_RESIDUALS, OTHER_BASE), strict=True))


@functools.cache
def pair_of(folder: CodecFolder) -> tuple[CCodec, DecoderCodec]:
    """A codec in C and in Python."""
    return CCodec(bundle_of(folder)), DecoderCodec(folder)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.aec")), ids=lambda path: path.stem)
def test_golden_files_decode_to_the_very_pixels(path: Path) -> None:
    data = path.read_bytes()
    c, python = pair_of(codec_of(data).folder)
    expected = to_array(python.decompress_picture(data, UNLIMITED))
    has_bands = python.spec.bands is not None
    pixels = to_array(c.decompress_samples(data, ANY)) if has_bands else c.decompress(data, ANY)
    np.testing.assert_array_equal(pixels.ravel(), expected.ravel())


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("refined/digits_nested", HAS_REFINEMENTS),
        ("refused/refined_bytes_behind", DAMAGED_REFINEMENT),
        ("grid", OTHER_CODEC),
    ],
)
def test_files_without_a_bare_payload(name: str, status: int) -> None:
    c, _ = pair_of(load_codec("digits").folder)
    with rejection(status):
        c.to_bare((GOLDEN / f"{name}.aec").read_bytes(), checksum=False)


@pytest.mark.parametrize("place", range(17))
def test_a_checksum_detects_a_changed_byte(place: int) -> None:
    data = (GOLDEN / "digit3.aec").read_bytes()
    c, _ = pair_of(load_codec("digits").folder)
    changed = bytearray(c.to_bare(data, checksum=True))
    changed[place] ^= 0x10
    with refusal(FORMAT_ERROR):
        c.from_bare(bytes(changed), checksum=True)


@pytest.mark.parametrize("line", (REFINED / "samples.sha256").read_text().splitlines())
def test_refined_files_decode_to_their_samples(line: str) -> None:
    digest, name = line.split()
    data = (REFINED / name).read_bytes()
    c, python = pair_of(codec_of(data).folder)
    samples = to_array(c.decompress_samples(data)) if python.spec.bands else c.decompress(data)
    assert sha256(little_endian(samples)) == digest


@pytest.mark.parametrize("path", sorted(REFUSED.glob("*.aec")), ids=lambda path: path.stem)
def test_what_a_decoder_has_to_refuse_is_refused(path: Path) -> None:
    data = path.read_bytes()
    codec = golden_codecs().get(id_in(data)) or load_codec("digits")
    c = pair_of(codec.folder)[0]
    status = STATUS_OF_INTACT.get(path.stem)
    with rejection(status) if status else refusal(FORMAT_ERROR):
        (c.decompress_samples if codec.spec.bands else c.decompress)(data, ANY)
