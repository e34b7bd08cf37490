"""`compress` and `decompress` of odd files: deep, huge, animated, of many endings, well packed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command
from helpers.images import opened
from image_files.odd_pictures import (
    COLOURS,
    P3,
    animation,
    deep_png,
    rgb,
    saved,
    second,
    wide_colours,
)
from PIL import Image

import aecodec
from aecodec.arrays import Pixels

THEN = 1_400_000_000


@pytest.fixture
def scans(folder: Path, photograph: Pixels) -> Path:
    """A folder of files with many endings, changed in 2014."""
    (folder / "scans").mkdir()
    picture = Image.fromarray(photograph[150:230, 200:300])
    for name in ("a.jpg", "b.PNG", "c.bmp", "d.tif", "e.webp", "f.avif", "g.gif"):
        picture.save(folder / "scans" / name)
        os.utime(folder / "scans" / name, (THEN, THEN + 0.7))
    return folder / "scans"


def endings(folder: str) -> list[str]:
    return sorted(path.name.replace("_decompressed", "") for path in Path(folder).iterdir())


def test_a_folder_gets_back_its_lossless_endings_and_its_times(
    scans: Path, command: Command
) -> None:
    assert command("compress", "scans").status == 0
    result = command("decompress", "scans_aec", "-o", "back")
    assert result.status == 0
    assert endings("back") == ["a.png", "b.PNG", "c.bmp", "d.tif", "e.webp", "f.png", "g.png"]
    assert {path.stat().st_mtime for path in Path("back").iterdir()} == {THEN}
    assert "a_decompressed.png: 100x80 RGB, was .jpg (--quality N restores that)" in result.out
    data = Path("scans_aec/a.aec").read_bytes()
    for path in ("a.png", "e.webp"):
        assert opened(f"back/{path.replace('.', '_decompressed.')}").mode == "RGB"
    assert np.array_equal(opened("back/a_decompressed.png"), aecodec.decompress(data))


def test_a_quality_gives_back_the_other_endings_too(scans: Path, command: Command) -> None:
    assert command("compress", "scans").status == 0
    assert command("decompress", "scans_aec", "-o", "back", "--quality", "90").status == 0
    assert endings("back") == ["a.jpg", "b.PNG", "c.bmp", "d.tif", "e.webp", "f.avif", "g.png"]


def test_one_format_for_all(scans: Path, command: Command) -> None:
    assert command("compress", "scans").status == 0
    assert command("decompress", "scans_aec", "-o", "back", "--format", "tiff").status == 0
    assert endings("back") == [
        *(f"{letter}.tiff" for letter in "abc"),
        "d.tif",
        *(f"{letter}.tiff" for letter in "efg"),
    ]


def test_without_metadata_ending_and_time_are_not_kept(scans: Path, command: Command) -> None:
    assert command("compress", "scans", "--no-metadata").status == 0
    assert command("decompress", "scans_aec", "-o", "back").status == 0
    assert endings("back") == [f"{letter}.png" for letter in "abcdefg"]
    assert all(path.stat().st_mtime > THEN + 10 for path in Path("back").iterdir())


def test_files_that_were_named_apart_get_their_names_back(scans: Path, command: Command) -> None:
    for name in ("a.jpg", "b.PNG"):
        assert command("compress", f"scans/{name}", "-o", f"apart/{name}.aec").status == 0
    assert command("decompress", "apart", "-o", "back").status == 0
    assert sorted(os.listdir("back")) == ["a.jpg_decompressed.png", "b_decompressed.PNG"]
    assert command("decompress", "apart", "-o", "more", "--quality", "80").status == 0
    assert sorted(os.listdir("more")) == ["a_decompressed.jpg", "b_decompressed.PNG"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "x.jpg"], "--quality"),
        (["-o", "x.avif"], "--quality"),
        (["--format", "jpeg"], "--quality"),
        (["--format", "png", "--quality", "90"], "png loses nothing"),
        (["--quality", "90"], "png loses nothing"),
        (["-o", "x.png", "--format", "tiff"], "two different formats"),
    ],
)
def test_no_quality_is_chosen_for_anybody(
    folder: Path, command: Command, arguments: list[str], message: str
) -> None:
    assert command("compress", "digit.png").status == 0
    result = command("decompress", "digit.aec", *arguments)
    assert result.status == 2
    assert message in result.err
    assert sorted(os.listdir()) == ["digit.aec", "digit.png"]


def test_a_chosen_quality_is_used(folder: Path, command: Command) -> None:
    Path("colours.png").write_bytes(saved(rgb))
    assert command("compress", "colours.png").status == 0
    sizes = []
    for quality in ("20", "95"):
        name = f"{quality}.jpg"
        assert command("decompress", "colours.aec", "-o", name, "--quality", quality).status == 0
        sizes.append(Path(name).stat().st_size)
    assert sizes[0] < sizes[1]


def test_info_tells_ending_and_time(scans: Path, command: Command) -> None:
    assert command("compress", "scans/a.jpg", "-o", "a.aec").status == 0
    values = json.loads(command("info", "a.aec", "--json").out)
    assert (values["source"], values["source_time"]) == (".jpg", "2014-05-13T16:53:20Z")


def test_a_deep_picture_needs_a_word(folder: Path, command: Command) -> None:
    Path("deep.png").write_bytes(deep_png(wide_colours))
    refused = command("compress", "deep.png")
    assert (refused.status, "--depth 8" in refused.err) == (3, True)
    assert command("compress", "deep.png", "--depth", "16").status == 2
    assert command("compress", "deep.png", "--depth", "8").status == 0


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
    assert "only the first is compressed, and 2 are left out (--frames all" in result.err
    result = command("compress", "moving.png", "--frames", "all", "--force")
    assert result.err == "warning: moving.png: the durations of its frames are not kept\n"
    assert command("decompress", "moving.aec").status == 0
    assert sorted(os.listdir("moving_decompressed")) == ["1.png", "2.png", "3.png"]


def test_equal_channels_and_a_profile_come_back(folder: Path, command: Command) -> None:
    equal = Image.fromarray(np.repeat(COLOURS[..., :1], 3, axis=-1))
    equal.save("equal.png", icc_profile=P3)
    assert command("compress", "equal.png").status == 0
    assert command("decompress", "equal.aec").status == 0
    back = opened("equal_decompressed.png")
    assert (back.mode, back.info["icc_profile"]) == ("RGB", P3)


def test_a_small_grey_picture_in_colours_is_a_digit(folder: Path, command: Command) -> None:
    opened("digit.png").convert("RGB").save("rgb.png")
    values = json.loads(command("compress", "rgb.png", "--json").out)
    assert values["codec"] == "digits"
    assert command("decompress", "rgb.aec").status == 0
    assert opened("rgb_decompressed.png").mode == "RGB"


@pytest.fixture
def text_scan(folder: Path) -> Path:
    """A scan in black and white, which its TIFF file packs into less than codec photo does."""
    noise = np.kron(np.random.default_rng(0).integers(0, 2, (30, 40)), np.ones((8, 8)))
    Image.fromarray(noise > 0).save("scan.tif", compression="group4")
    return folder / "scan.tif"


def test_a_file_that_is_larger_than_its_source_is_told(text_scan: Path, command: Command) -> None:
    result = command("compress", "scan.tif")
    size, source = Path("scan.aec").stat().st_size, text_scan.stat().st_size
    assert size > source
    assert f"{size / source:.1f}x larger than the source" in result.out
    assert f"has {size} bytes, more than its source with {source}: --skip-larger" in result.err


def test_such_pictures_are_left_alone_if_that_is_asked_for(
    text_scan: Path, command: Command
) -> None:
    (text_scan.parent / "scans").mkdir()
    for name in ("a.tif", "b.tif"):
        Path("scans", name).write_bytes(text_scan.read_bytes())
    Path("scans/c.png").write_bytes(saved(rgb))
    result = command("compress", "scans", "--skip-larger")
    assert result.status == 0
    assert os.listdir("scans_aec") == ["c.aec"]
    assert "scans/a.tif: skipped" in result.out
    assert result.err == "2 skipped: scans/a.tif, scans/b.tif\n"
    single = command("compress", "scan.tif", "--skip-larger", "--json")
    assert json.loads(single.out)["file"] is None
    assert not Path("scan.aec").exists()


def test_a_stack_tells_that_it_converts_colours(folder: Path, command: Command) -> None:
    for name in ("a.png", "b.png"):
        Path(name).write_bytes(saved(rgb, icc_profile=P3))
    arguments = ["compress", "--stack", "a.png", "b.png", "--force", "-o", "all.aec"]
    result = command(*arguments, "--no-metadata")
    assert "pictures that have one were converted to sRGB" in result.err
    assert "sRGB" not in command(*arguments).err
