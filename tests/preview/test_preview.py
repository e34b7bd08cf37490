"""Previews: sizes, fidelity, odd pictures, any bytes, and the pixels of JavaScript."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from helpers.documents import ROOT
from helpers.programs import needs
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from aecodec import FormatError, UsageError, metrics, preview
from aecodec.preview import tables
from aecodec.preview.payload import Content, Plane, pack, unpack

PSNR = [(10, 16.6), (21, 17.7), (40, 19.4), (80, 21.8)]
GOLDEN = [
    (
        "06278a0f432b05ab61aee9bfcbf553f4f5072ec007",
        "d9d9ca0bda532521d5c0524de74c7ecc487129456b052bf4b77226d7d048bb55",
    ),
    (
        "521445c388c0ba354ac98a74a6e13555e7416cf252791d2d3abada6dfde0377d4547c46bdc87c575176f2ebcb41b973531d5a66ef1b3cf6461fe755b81828cad58131426a99f7f823bdf59772cf76c40",
        "c14c0997ed5a8481136a883c8960b0147b043507afc6aea1759af4230625bcfc",
    ),
    (
        "07ffa07b41b511078b20d623a179884c3cf6c47a23d506ebd3b688bc",
        "cf2dfbc57f98607b4dd826dcc0eb0308cbe27c1d17e45c7ce3c0cd9f7205e500",
    ),
]
PHOTO = Image.open(ROOT / "web" / "coffee.jpg")


@pytest.mark.parametrize(("max_bytes", "least"), PSNR)
def test_a_photograph_fits_and_is_recognizable(max_bytes: int, least: float) -> None:
    payload = preview.encode(PHOTO, max_bytes)
    pixels, ratio = preview.decode_pixels(payload)
    assert len(payload) <= max_bytes
    small = np.asarray(PHOTO.convert("RGB").resize((32, 32), Image.Resampling.LANCZOS))
    assert metrics.psnr(metrics.mse(small, pixels[..., :3])) > least
    assert ratio == pytest.approx(PHOTO.width / PHOTO.height, rel=0.03)


@pytest.mark.parametrize("size", [(500, 100), (100, 500), (320, 240), (1, 1), (3000, 4)])
def test_the_shape_is_kept_up_to_five_to_one(size: tuple[int, int]) -> None:
    payload = preview.encode(Image.new("RGB", size, "navy"), 12)
    ratio = min(5.0, max(0.2, size[0] / size[1]))
    width, height = preview.decode(payload).size
    assert width / height == pytest.approx(ratio, rel=0.12)


def test_alpha_is_kept() -> None:
    image = Image.new("RGBA", (64, 64))
    ImageDraw.Draw(image).rectangle((0, 0, 64, 32), "orange")
    payload = preview.encode(image, 60)
    decoded = np.asarray(preview.decode(payload).resize((64, 64))).astype(int)
    assert len(payload) <= 60
    assert abs(decoded[8:24, 8:56] - (255, 165, 0, 255)).max() < 30
    assert decoded[42:, :, 3].max() < 30
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 4), np.uint8)
    assert len(preview.encode(Image.fromarray(noise), 10)) <= 10


def test_a_payload_without_shape_has_no_ratio() -> None:
    payload = pack(unpack(preview.encode(PHOTO, 30))._replace(shape=None))
    assert preview.decode_pixels(payload)[1] is None
    assert preview.decode(payload).size == (32, 32)


def test_invalid_payloads_and_too_few_bytes_are_rejected() -> None:
    for payload, message in ((b"", "is empty"), (b"\0", "number of its")):
        with pytest.raises(FormatError, match=message):
            preview.decode(payload)
    with pytest.raises(UsageError, match="needs 10 bytes or more, not 9"):
        preview.encode(PHOTO, 9)


CODES = st.lists(st.integers(-3, 3) | st.integers(-120, 120), min_size=400, max_size=400)
PLANES = st.builds(lambda level, codes: Plane(level, np.array(codes)), st.integers(0, 7), CODES)


@settings(max_examples=10, deadline=None)
@given(st.none() | st.integers(0, 62), st.lists(PLANES, min_size=1, max_size=2))
def test_any_content_is_read_as_written(shape: int | None, planes: list[Plane]) -> None:
    content = unpack(pack(Content(shape, planes)))
    assert content.shape == shape
    assert [plane.level for plane in content.planes] == [plane.level for plane in planes]
    for plane, written in zip(content.planes, planes, strict=True):
        np.testing.assert_array_equal(plane.codes, written.codes)


def digest(payload: bytes) -> str:
    try:
        pixels, _ = preview.decode_pixels(payload)
    except FormatError:
        return "FormatError"
    opaque = np.full((32, 32, 1), 255, np.uint8)
    return hashlib.sha256(np.dstack([pixels, opaque])[..., :4].tobytes()).hexdigest()


@pytest.mark.parametrize(("payload", "expected"), GOLDEN)
def test_released_payloads_keep_their_pixels(payload: str, expected: str) -> None:
    assert digest(bytes.fromhex(payload)) == expected


SCRIPT = """
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { decodePreview, readTables } from "./src/preview.js";
const tables = readTables(new Uint8Array(readFileSync(process.argv[2])).buffer);
for (const text of JSON.parse(readFileSync(0))) {
  try {
    const { data } = decodePreview(new Uint8Array(Buffer.from(text, "hex")), tables);
    console.log(createHash("sha256").update(data).digest("hex"));
  } catch (error) {
    console.log(error.name);
  }
}
"""


def random_payloads(count: int) -> list[bytes]:
    source = random.Random(count)
    payloads = [source.randbytes(source.randint(1, 100)) for _ in range(count)]
    return [*payloads, b"\0", b"", *(bytes.fromhex(payload) for payload, _ in GOLDEN)]


@pytest.mark.parametrize("count", [60, pytest.param(2_000, marks=pytest.mark.slow)])
def test_javascript_gives_the_same_pixels_for_any_bytes(count: int, tmp_path: Path) -> None:
    needs("node")
    payloads = random_payloads(count)
    shutil.copytree(ROOT / "web" / "src", tmp_path / "src")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "decode.js").write_text(SCRIPT)
    done = subprocess.run(
        ["node", tmp_path / "decode.js", tables.PATH],
        input=json.dumps([payload.hex() for payload in payloads]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [digest(payload) for payload in payloads]
