"""The encoder in C: sizes, valid payloads, quality beside Python's encoder, and the firmware."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from helpers.c.library import compile_c
from helpers.documents import ROOT, blocks_of
from helpers.previews import SOURCES, CPreview, digest
from helpers.programs import needs
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aecodec import preview
from aecodec.arrays import Pixels
from aecodec.format.binary import crc_8
from aecodec.format.texts import TextForm
from aecodec.preview.tables import PATH

GREY, RGB, RGB565, RGB565_LITTLE_ENDIAN = range(4)
PHOTO = Image.open(ROOT / "web" / "coffee.jpg").convert("RGB")
FRAME = PHOTO.resize((160, 120))


@pytest.fixture(scope="module")
def c() -> CPreview:
    return CPreview()


def in_565(image: Image.Image, dtype: npt.DTypeLike) -> bytes:
    red, green, blue = np.moveaxis(np.asarray(image).astype(np.uint16), 2, 0)
    return (red >> 3 << 11 | green >> 2 << 5 | blue >> 3).astype(dtype).tobytes()


def psnr(pixels: Pixels, payload: bytes) -> float:
    decoded, _ = preview.decode_pixels(payload)
    return float(-10 * np.log10(np.square((decoded - pixels.astype(float)) / 255).mean()))


@st.composite
def pictures(draw: st.DrawFn) -> Pixels:
    """(32, 32, 3) from plain colours to noise."""
    side = draw(st.sampled_from([1, 2, 8, 32]))
    small = np.random.default_rng(draw(st.integers(0, 999))).integers(0, 256, (side, side, 3))
    contrast = draw(st.sampled_from([255, 2, 1]))
    return (small // contrast).astype(np.uint8).repeat(32 // side, 0).repeat(32 // side, 1)


@settings(max_examples=40, deadline=None)
@given(pictures(), st.integers(10, 120) | st.integers(10, 280), st.integers(-1, 62), st.booleans())
def test_a_payload_is_valid_and_never_too_long(
    c: CPreview, pixels: Pixels, max_bytes: int, shape: int, checksum: bool
) -> None:
    payload = c.encode(pixels, max_bytes + checksum, shape, checksum)
    assert 1 + checksum <= len(payload) <= max_bytes + checksum
    if checksum:
        assert crc_8(payload) == 0
    content = payload[: len(payload) - checksum]
    assert c.digest(content) == digest(content)
    ratio = preview.decode_pixels(content)[1]
    assert ratio == (None if shape < 0 else pytest.approx(5 ** ((shape - 31) / 31)))


@pytest.mark.parametrize("arguments", [(9, -1, 0), (10, -1, 1), (99, -2, 0), (99, 63, 0)])
def test_invalid_arguments_are_rejected(c: CPreview, arguments: tuple[int, int, bool]) -> None:
    assert c.encode(np.zeros((32, 32, 3), np.uint8), *arguments) == b""


@pytest.mark.parametrize("max_bytes", [21, 55, 100])
def test_payloads_are_as_good_as_those_of_python(
    c: CPreview, photograph: Pixels, max_bytes: int
) -> None:
    images = [PHOTO, Image.fromarray(photograph[:200, :300]), Image.fromarray(photograph[200:])]
    gains = []
    for image in images:
        small = image.resize((32, 32), Image.Resampling.LANCZOS)
        payload = preview.encode(small, max_bytes, shape=False)
        pixels = np.asarray(small)
        gains.append(psnr(pixels, c.encode(pixels, max_bytes)) - psnr(pixels, payload))
    assert min(gains) > -0.3
    assert np.mean(gains) > -0.1


@pytest.mark.parametrize("size", [(160, 120), (33, 500), (32, 32), (5, 3), (1, 1)])
def test_a_picture_is_reduced_to_the_means_of_its_parts(c: CPreview, size: tuple[int, int]) -> None:
    image = PHOTO.resize(size)
    pixels, shape = c.reduce(np.asarray(image).tobytes(), RGB, size)
    array = np.asarray(image).astype(float)
    rows, columns = (means(length) for length in array.shape[:2])
    assert abs(np.einsum("yr,rcn,xc->yxn", rows, array, columns) - pixels).max() <= 0.51
    exponent = np.log(size[0] / size[1]) / np.log(5)
    assert shape == pytest.approx(31 + 31 * np.clip(exponent, -1, 1), abs=0.6)


def means(length: int) -> npt.NDArray[np.float64]:
    """The matrix (32, length) that reduces a row to means."""
    return np.eye(length).repeat(32, 0).reshape(32, length, length).mean(1)


def test_pixels_of_all_formats_are_read(c: CPreview) -> None:
    expected, _ = c.reduce(np.asarray(FRAME).tobytes(), RGB, FRAME.size)
    for kind, dtype in [(RGB565, ">u2"), (RGB565_LITTLE_ENDIAN, "<u2")]:
        pixels, _ = c.reduce(in_565(FRAME, dtype), kind, FRAME.size)
        assert abs(pixels.astype(int) - expected).max() <= 8
    pixels, _ = c.reduce(FRAME.convert("L").tobytes(), GREY, FRAME.size)
    assert (pixels == pixels[..., :1]).all()
    assert abs(pixels.mean() - np.asarray(FRAME.convert("L")).mean()) < 1


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (4097, 1), (-1, 5)])
def test_a_picture_with_an_invalid_size_is_rejected(c: CPreview, size: tuple[int, int]) -> None:
    assert c.reduce(b"", RGB, size)[1] == -2


@given(st.binary(max_size=300))
def test_texts_are_those_of_python(c: CPreview, content: bytes) -> None:
    assert c.base91(content) == TextForm.BASE91.encode(content)


def expected_message(c: CPreview, max_bytes: int) -> bytes:
    """The message that C encodes the frame to."""
    pixels, shape = c.reduce(in_565(FRAME, ">u2"), RGB565, FRAME.size)
    return c.encode(pixels, max_bytes, shape, True)


CAMERA = """
#include <stdio.h>
typedef enum { PIXFORMAT_RGB565, PIXFORMAT_JPEG } pixformat_t;
typedef struct { uint8_t *buf; size_t width, height; pixformat_t format; } camera_fb_t;
static uint8_t pixels_565[160 * 120 * 2];
static camera_fb_t frame_565 = {pixels_565, 160, 120, PIXFORMAT_RGB565};
static camera_fb_t *esp_camera_fb_get(void)
{
    return fread(pixels_565, 1, sizeof pixels_565, stdin) == sizeof pixels_565 ? &frame_565 : 0;
}
static void esp_camera_fb_return(camera_fb_t *frame) { frame->buf = 0; }
"""
MAIN = """
static int is_received;
void radio_send(const uint8_t *sent, size_t size)
{
    int shape = 0;
    is_received = receive_picture(sent, size, &shape) && shape > AECODEC_PREVIEW_SQUARE &&
                  !receive_picture(sent, size - 1, &shape);
    fwrite(sent, 1, size, stdout);
    fwrite(picture, 1, sizeof picture, stdout);
}
int main(void) { send_picture(); return !is_received; }
"""


def test_the_code_of_the_page_sends_and_receives_a_picture(c: CPreview, tmp_path: Path) -> None:
    blocks = blocks_of(ROOT / "docs/radio.md")
    code = "".join(block.text for block in blocks if block.language == "c")
    numbers = ",".join(map(str, PATH.read_bytes()))
    (tmp_path / "esp_camera.h").write_text(CAMERA)
    (tmp_path / "main.c").write_text(code + MAIN)
    (tmp_path / "tables.c").write_text(
        f"const unsigned char _binary_tables_bin_start[] = {{{numbers}}};"
    )
    sources = [SOURCES / "aecodec_preview.c", tmp_path / "main.c", tmp_path / "tables.c"]
    compile_c(f"-I{SOURCES}", "-o", tmp_path / "main", *sources)
    frame = in_565(FRAME, ">u2")
    sent = subprocess.run([tmp_path / "main"], input=frame, capture_output=True, check=True).stdout
    message = expected_message(c, 100)
    assert sent[: len(message)] == message
    pixels = np.frombuffer(sent[len(message) :], np.uint8).reshape(32, 32, 4)
    np.testing.assert_array_equal(pixels[..., :3], preview.decode_pixels(message[:-1])[0])


def test_a_cortex_m4_sends_the_same_payload_and_decodes_it(c: CPreview, tmp_path: Path) -> None:
    needs("make", "arm-none-eabi-gcc", "qemu-system-arm")
    message = expected_message(c, 56)
    size = bytes([len(message) - 1])
    (tmp_path / "requests").write_bytes(
        b"E\x38" + in_565(FRAME, ">u2") + b"D" + size + message[:-1] + b"Q"
    )
    example = ROOT / "examples" / "microcontroller"
    subprocess.run(["make", "-s", "-C", example, f"BUILD={tmp_path}", "run-preview"], check=True)
    answers = (tmp_path / "answers").read_bytes()
    assert answers[: len(message) + 2] == bytes([len(message), 0]) + message
    pixels = np.frombuffer(answers[-4096:], np.uint8).reshape(32, 32, 4)
    np.testing.assert_array_equal(pixels[..., :3], preview.decode_pixels(message[:-1])[0])
