"""The reference decoder reads the golden files as the library does."""

import re

import pytest
from helpers.codecs.golden import GOLDEN, REFINED, Digests, listed, little_endian, sha256
from reference.codecs import codec_of
from reference.container import from_bare
from reference.decoder import decode

DIGESTS = listed()


@pytest.mark.parametrize("name", DIGESTS)
def test_golden_files_hold_what_the_list_says(name: str) -> None:
    data = (GOLDEN / f"{name}.aec").read_bytes()
    picture = decode(data, codec_of(data))
    digests = (picture.codes.astype("<i2"), picture.latents, little_endian(picture.pixels))
    assert Digests(*map(sha256, digests)) == DIGESTS[name]


PRIMED = "digit_lossless.aec"
"""A file whose primer takes the reference half a minute."""


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(line, marks=[pytest.mark.slow] if line.endswith(PRIMED) else [])
        for line in (REFINED / "samples.sha256").read_text().splitlines()
    ],
)
def test_refined_files_hold_their_samples(line: str) -> None:
    digest, name = line.split()
    data = (REFINED / name).read_bytes()
    assert sha256(little_endian(decode(data, codec_of(data)).pixels)) == digest


def test_the_examples_of_the_specification() -> None:
    text = (GOLDEN.parents[1] / "docs" / "FORMAT.md").read_text("utf-8")
    data = (GOLDEN / "digit3.aec").read_bytes()
    codec, (payload,) = codec_of(data), re.findall(r"this text:\n\n    ([0-9a-f ]+)\n", text)
    assert f"\n    {data.hex(' ')}\n" in text
    assert from_bare(bytes.fromhex(payload), codec.identity[:4], has_checksum=True) == data
    codes = " ".join(map(str, decode(data, codec).codes[0]))
    assert f"the codes are\n\n    {codes}\n" in text
