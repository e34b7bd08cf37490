"""Previews: sizes, fidelity, odd pictures, any bytes, and the same results in JavaScript."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import subprocess
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from helpers.documents import ROOT
from helpers.programs import needs
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from aecodec import FormatError, UsageError, metrics, preview
from aecodec.format.texts import to_text
from aecodec.preview.payload import Content, Plane, pack, unpack

GOLDEN = [
    (
        "62d865963dac5d486e4f4d61f84b3e56df0f8b40",
        "0788123fc4dece77c84f197e596a53c0b6b968e61e84cc2bb23f852efebc14ac",
    ),
    (
        "6171631494d55c4c09cc4f4a76f28b49f21d230ce3b4f6f676157d7fb4eeb8edf791bccbe85ccb8371390ca4e003ac3c15ab9e587386aecacbc21717b3b5e6148628a043ac8e6e01efa1faa2",
        "f8d75d4ecd42d2ec323509bcb7c2c44509c245ac75306fb2c910cafa7279436c",
    ),
    (
        "8001408cdad1480f26e56301e0734fbfe4a6a6cb558469d31aa670",
        "abcb91c16757eb374b9dfdb30c268405fe86f81d95ef51af67be01e5af69a520",
    ),
]
PHOTO = Image.open(ROOT / "web" / "coffee.jpg").convert("RGB")  # which closes the file


@pytest.mark.parametrize(("max_bytes", "least"), [(10, 16.6), (21, 17.7), (40, 19.4), (80, 21.2)])
def test_a_photograph_fits_and_is_recognizable(max_bytes: int, least: float) -> None:
    payload = preview.encode(PHOTO, max_bytes)
    pixels, ratio = preview.decode_pixels(payload)
    assert len(payload) <= max_bytes
    small = np.asarray(PHOTO.resize((32, 32), Image.Resampling.LANCZOS))
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


def test_invalid_payloads_and_too_few_bytes_are_rejected() -> None:
    for payload, message in ((b"", "is empty"), (b"\0", "shape number is")):
        with pytest.raises(FormatError, match=message):
            preview.decode(payload)
    with pytest.raises(UsageError, match="needs at least 10 bytes"):
        preview.encode(PHOTO, 9)


CODES = st.lists(st.integers(-3, 3) | st.integers(-120, 120), min_size=384, max_size=384)
PLANES = st.builds(lambda level, codes: Plane(level, np.array(codes)), st.integers(0, 7), CODES)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 62), st.lists(PLANES, min_size=1, max_size=2))
def test_any_content_is_read_as_written(shape: int, planes: list[Plane]) -> None:
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


SCRIPT = f"""
import {{ createHash }} from "node:crypto";
import {{ readFileSync }} from "node:fs";
import * as previews from "{(ROOT / "web" / "src" / "preview.js").as_uri()}";
const fromHex = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const digest = (preview) => createHash("sha256").update(previews.decodePreview(preview).data)
  .digest("hex");
const text = ({{ width, height, rgba, bytes }}) =>
  previews.previewText(previews.encodePreview({{ width, height, data: fromHex(rgba) }}, bytes));
const results = JSON.parse(readFileSync(0)).map((input) => {{
  try {{
    return %s;
  }} catch (error) {{
    return error.name;
  }}
}});
console.log(JSON.stringify(results));
"""


def javascript(expression: str, inputs: list[Any]) -> list[Any]:
    """Evaluate an expression for each input in Node.js, as pages and servers do."""
    needs("node")
    command = ["node", "--input-type=module", "--eval", SCRIPT % expression]
    done = subprocess.run(
        command, input=json.dumps(inputs), capture_output=True, text=True, check=True
    )
    results: list[Any] = json.loads(done.stdout)
    return results


@pytest.mark.parametrize("count", [60, pytest.param(500, marks=pytest.mark.slow)])
def test_javascript_gives_the_same_pixels_for_any_bytes(count: int) -> None:
    source = random.Random(count)
    payloads = [source.randbytes(source.randint(1, 100)) for _ in range(count)]
    payloads += [b"\0", b"", *(bytes.fromhex(payload) for payload, _ in GOLDEN)]
    digests = javascript("digest(fromHex(input))", [payload.hex() for payload in payloads])
    assert digests == [digest(payload) for payload in payloads]


def odd_pictures(count: int) -> Iterator[Image.Image]:
    """Photographs, with alpha, of exactly 32x32 pixels, and noise in any shape."""
    source, photo = np.random.default_rng(1), PHOTO.convert("RGBA")
    for number in range(count):
        part = photo.crop((*source.integers(0, 200, 2), *source.integers(201, 400, 2)))
        if number % 4:
            part.putalpha(Image.radial_gradient("L").resize(part.size))
        noise = Image.fromarray(source.integers(0, 256, (*source.integers(1, 90, 2), 4), np.uint8))
        yield (part, part, noise, part.resize((32, 32)))[number % 4]


@pytest.mark.parametrize("count", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_javascript_encodes_the_same_bytes(count: int) -> None:
    inputs, texts = list[dict[str, Any]](), list[str]()
    for number, image in enumerate(odd_pictures(count)):
        rgba, size = image.tobytes().hex(), (10, 21, 40, 60, 100)[number % 5]
        inputs.append({"width": image.width, "height": image.height, "rgba": rgba, "bytes": size})
        texts.append(to_text(preview.encode(image, size)))
    np.testing.assert_array_equal(javascript("text(input)", inputs), texts)


def test_javascript_makes_data_urls_and_average_colours_and_rejects_wrong_sizes() -> None:
    payload = bytes.fromhex(GOLDEN[2][0])
    functions = "[previews.previewUrl(input), previews.averageColour(input)]"
    url, colour = javascript(functions, [to_text(payload)])[0]
    with Image.open(io.BytesIO(base64.b64decode(url.partition("base64,")[2]))) as image:
        np.testing.assert_array_equal(np.asarray(image), preview.decode_pixels(payload)[0])
    assert colour == preview.average_colour(payload)
    wrong = [{"width": 1, "height": 1, "rgba": "00ff00", "bytes": 40}]
    wrong.append({"width": 1, "height": 1, "rgba": "00ff00ff", "bytes": 9})
    assert javascript("text(input)", wrong) == ["UsageError"] * 2
