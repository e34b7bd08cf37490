"""`aecodec stack`: pictures in one file, with or without their names, and back."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command
from helpers.images import opened
from PIL import Image

import aecodec
from aecodec.data.samples import sample_paths


@pytest.fixture
def scans(folder: Path, photograph: np.ndarray) -> Path:
    """A folder of 10 pictures of 96x96 pixels, `p0.png` to `p9.png`."""
    Path("scans").mkdir()
    for number in range(10):
        left = 8 * number
        Image.fromarray(photograph[100:196, left : left + 96]).save(f"scans/p{number}.png")
    return Path("scans")


def test_digits_become_numbered_files(folder: Path, command: Command) -> None:
    shutil.copytree(sample_paths()[0].parent, "scans", ignore=shutil.ignore_patterns("*.py"))
    names = sorted(Path("scans").iterdir())
    assert command("stack", *names, "-o", "all.aec").status == 0
    assert command("info", "all.aec", "--json").json[0]["frames"] == 10
    assert command("decompress", "all.aec").status == 0
    restored = sorted(Path("all_decompressed").iterdir())
    assert len(restored) == 10
    single = aecodec.decompress(aecodec.compress(names[7]))
    assert np.array_equal(np.asarray(opened(restored[7])), np.asarray(single))
    assert command("decompress", "all.aec", "-o", "-").status == 2
    before = Path("all.aec").stat().st_mtime_ns
    assert command("stack", *names, "-o", "all.aec", "--skip-existing").status == 0
    assert Path("all.aec").stat().st_mtime_ns == before


def test_photographs_keep_their_names(scans: Path, command: Command) -> None:
    for options, restored in (
        ([], [f"p{number}.png" for number in range(10)]),
        (["--no-metadata"], [f"{number:02}.png" for number in range(1, 11)]),
    ):
        assert command("stack", scans, "--force", *options).status == 0
        assert command("decompress", "scans.aec", "-o", "back").status == 0
        assert sorted(path.name for path in Path("back").iterdir()) == restored
        shutil.rmtree("back")
    opened(scans / "p7.png").save(scans / "p7.bmp")
    assert command("stack", scans, "--force").status == 0
    assert command("decompress", "scans.aec", "-o", "back").status == 0
    whole = [f"p{number}.png.png" for number in range(10)]
    assert sorted(path.name for path in Path("back").iterdir()) == sorted([*whole, "p7.bmp.png"])


def test_out_names_the_folder_of_a_stack_or_with_a_slash_the_one_around_it(
    scans: Path, command: Command
) -> None:
    assert command("stack", scans).status == 0
    decompress = ("decompress", "scans.aec", "-o")
    assert command(*decompress, "back").status == 0
    before = sorted(Path("back").rglob("*"))
    refused = command(*decompress, "back")
    assert (refused.status, "back already exists" in refused.err) == (2, True)
    for options in ("--skip-existing", "--force"):
        assert command(*decompress, "back", options).status == 0
    assert sorted(Path("back").rglob("*")) == before
    assert command(*decompress, "back/").status == 0
    assert Path("back/scans").is_dir()
    assert command(*decompress, ".").status == 0
    assert Path("scans_decompressed").is_dir()
