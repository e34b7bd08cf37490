"""`compress` and `decompress` of odd files: deep, huge, animated, of many endings."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command
from helpers.images import opened
from image_files.odd_pictures import COLOURS, animation, rgb, second
from PIL import Image

import aecodec
from aecodec.base.arrays import Pixels

THEN = 1_400_000_000
ODD_EXIF_AND_XMP = bytes.fromhex(
    "ae4301f206e96f201002086e6f74657869662103043c782f3e716d723c36035662fa33a757c6097dbd9411a30cab12"
    "aff683b0"
)
"""A digit whose EXIF is `notexif!` and whose XMP is `<x/>`."""


@pytest.fixture
def scans(folder: Path, photograph: Pixels) -> Path:
    (folder / "scans").mkdir()
    picture = Image.fromarray(photograph[150:230, 200:300])
    for name in ("a.jpg", "b.PNG", "c.bmp", "d.tif", "e.webp", "f.avif", "g.gif"):
        picture.save(folder / "scans" / name)
        os.utime(folder / "scans" / name, (THEN, THEN + 0.7))
    return folder / "scans"


def endings(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def test_a_folder_gets_back_its_endings_and_its_times(scans: Path, command: Command) -> None:
    assert command("compress", "scans").status == 0
    result = command("decompress", "scans_aec", "-o", "back")
    assert result.status == 0
    assert endings("back") == ["a.png", "b.PNG", "c.bmp", "d.tif", "e.webp", "f.png", "g.png"]
    assert {path.stat().st_mtime for path in Path("back").iterdir()} == {THEN}
    assert "a.png: 100x80 RGB; the original was .jpg (--quality N writes .jpg)" in result.out
    data = Path("scans_aec/a.aec").read_bytes()
    for path in ("a.png", "e.webp"):
        assert opened(f"back/{path}").mode == "RGB"
    assert np.array_equal(opened("back/a.png"), aecodec.decompress(data))
    command("decompress", "scans_aec", "-o", "lossy", "--quality", "90")
    assert endings("lossy") == ["a.jpg", "b.PNG", "c.bmp", "d.tif", "e.webp", "f.avif", "g.png"]
    command("decompress", "scans_aec", "-o", "tiff", "--format", "tiff")
    assert endings("tiff") == [f"{letter}.tif" + "f" * (letter != "d") for letter in "abcdefg"]


@pytest.mark.parametrize("file_format", ["tiff", "png", "webp"])
def test_odd_metadata_of_a_file_does_not_end_a_batch(
    folder: Path, command: Command, file_format: str
) -> None:
    Path("a.aec").write_bytes(ODD_EXIF_AND_XMP)
    command("compress", "digit.png", "-o", "b.aec")
    result = command("decompress", "a.aec", "b.aec", "-o", "back/", "--format", file_format)
    assert (result.status, len(os.listdir("back"))) == (0, 2)
    assert file_format != "tiff" or "a.aec: aecodec drops its metadata" in result.err


def test_a_large_picture_is_read_quietly_and_a_huge_one_needs_a_word(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    Image.fromarray(COLOURS[:, :40]).save("large.png")
    Image.fromarray(COLOURS).resize((60, 60)).save("huge.png")
    result = command("compress", "large.png")
    assert (result.status, result.err) == (0, "")
    refused = command("compress", "huge.png")
    assert (refused.status, "--max-pixels 3600" in refused.err) == (3, True)
    assert command("compress", "huge.png", "--max-pixels", "3600").status == 0


def test_all_frames_or_a_warning(folder: Path, command: Command) -> None:
    Path("moving.png").write_bytes(animation("PNG", [rgb, second, rgb], duration=40))
    result = command("compress", "moving.png")
    assert "uses only the first of its 3 frames (to keep all, use compress" in result.err
    result = command("compress", "moving.png", "--frames", "all", "--force")
    assert result.err == "warning: moving.png: aecodec drops the durations of its frames\n"
    assert command("decompress", "moving.aec").status == 0
    assert sorted(os.listdir("moving_decompressed")) == ["1.png", "2.png", "3.png"]
