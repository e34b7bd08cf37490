"""Small pictures of which many go into one file, and the manifest that tells where each is."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.commands import Command
from PIL import Image
from pyarrow import parquet

import aecodec
from aecodec.arrays import Pixels

_COUNT = 250
CALL = ("compress", "many", "-o", "out", "--stacks-of", 100, "--manifest", "m.parquet")


@pytest.fixture
def many(folder: Path, digits: Pixels) -> Path:
    """A folder of digits, with a photograph and a file that is no picture among them."""
    Path("many").mkdir()
    for number in range(_COUNT):
        Image.fromarray(digits[number]).save(f"many/{number:03}.png")
    Image.fromarray(np.stack([digits[0]] * 3, -1)).resize((40, 30)).save("many/050_photo.png")
    Path("many/150_broken.png").write_bytes(b"no picture")
    return Path("many")


def rows() -> dict[str, dict[str, Any]]:
    """The rows of the manifest by the names of the sources."""
    return {Path(row["source"]).stem: row for row in parquet.read_table("m.parquet").to_pylist()}


def test_each_picture_is_found_where_the_manifest_says(
    many: Path, command: Command, digits: Pixels
) -> None:
    result = command(*CALL)
    assert result.status == 1
    assert "error: many/150_broken.png" in result.err
    made = sorted(path.name for path in Path("out").iterdir())
    assert made == ["00000.aec", "00000_1.aec", "00001.aec", "00002.aec"]
    index = rows()
    assert len(index) == _COUNT + 2
    broken = index.pop("150_broken")
    assert (broken["status"], broken["target"], broken["frame"]) == (3, None, None)
    assert index["050_photo"]["target"] == "out/00000_1.aec"
    codec = aecodec.load_codec("digits")
    for number in range(_COUNT):
        row = index[f"{number:03}"]
        alone = aecodec.decompress(codec.compress(digits[number]))
        packed = aecodec.frames(row["target"])[row["frame"]]
        assert (packed == np.asarray(alone)).all()
        assert row["bytes"] == Path(row["target"]).stat().st_size


def test_packs_go_on_by_their_manifest(many: Path, command: Command) -> None:
    Path("many/150_broken.png").unlink()
    assert command(*CALL).status == 0
    before = {path.name: path.stat().st_mtime_ns for path in Path("out").iterdir()}
    assert command(*CALL, "--force").err == "3 of 3 were already done\n"
    Path("out/00001.aec").write_bytes(b"cut")
    assert command(*CALL, "--force").err == "2 of 3 were already done\n"
    after = {path.name: path.stat().st_mtime_ns for path in Path("out").iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"00001.aec"}
    shutil.copy("many/000.png", "many/000_new.png")
    assert "were already done" not in command(*CALL, "--force").err
    assert rows()["249"]["frame"] == 251 - 200


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("-o", "out"), "needs --manifest"),
        (("--manifest", "m.parquet"), "needs -o"),
        (("-o", "out", "--manifest", "m.parquet", "--skip-existing"), "use --force"),
        (("-o", "out", "--manifest", "m.parquet", "--frames", "all"), "leave out --frames"),
    ],
)
def test_packs_in_which_nothing_would_be_found_are_refused(
    many: Path, command: Command, options: tuple[str, ...], reason: str
) -> None:
    result = command("compress", "many", "--stacks-of", 10, *options)
    assert (result.status, reason in result.err) == (2, True)
    assert not Path("out").exists()
