"""The reference decoder reads the golden files as the library does."""

import re

import pytest
from helpers.codecs.golden import GOLDEN, listed, little_endian, sha256
from reference.codecs import codec_of
from reference.container import from_bare
from reference.decoder import decode

DIGESTS = listed()
PRIMED = "refined/digit_lossless"
"""A file whose primer takes the reference half a minute."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name == PRIMED else []) for name in DIGESTS],
)
def test_golden_files_hold_what_the_list_says(name: str) -> None:
    data = (GOLDEN / f"{name}.aec").read_bytes()
    picture = decode(data, codec_of(data))
    assert sha256(little_endian(picture.pixels)) == DIGESTS[name]["pixels"]
    if "codes" in DIGESTS[name]:
        assert sha256(picture.codes.astype("<i2")) == DIGESTS[name]["codes"]


def test_the_examples_of_the_specification() -> None:
    text = (GOLDEN.parents[1] / "docs" / "FORMAT.md").read_text("utf-8")
    data = (GOLDEN / "digit3.aec").read_bytes()
    codec, (payload,) = codec_of(data), re.findall(r"this text:\n\n    ([0-9a-f ]+)\n", text)
    assert f"\n    {data.hex(' ')}\n" in text
    assert from_bare(bytes.fromhex(payload), codec.identity[:4], has_checksum=True) == data
    codes = " ".join(map(str, decode(data, codec).codes[0]))
    assert f"the codes are\n\n    {codes}\n" in text
