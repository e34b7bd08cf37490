"""Commands and data sets do not take `.aec` files for pictures, although the plugin opens them."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.commands import Command
from PIL import Image

import aecodec
import aecodec.pillow
from aecodec.datasets.folders_and_arrays import images_in


def test_aec_files_are_no_pictures(tmp_path: Path, digit: Image.Image, command: Command) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    for name in ("a.aec", "b.png", "._b.png"):
        digit.save(folder / name)
    assert [path.name for path in images_in(folder)] == ["b.png"]
    assert command("compress", folder).status == 0
    assert [path.name for path in Path("scans_aec").iterdir()] == ["b.aec"]
    with pytest.raises(aecodec.ImageError, match=r"already an \.aec file: use decompress"):
        aecodec.compress(folder / "a.aec")
    assert command("compress", folder / "a.aec", "-o", "again.aec").status == 3
    assert command("decompress", folder).status == 0
    assert [path.name for path in Path("scans_decompressed").iterdir()] == ["a.png"]
    result = command("decompress", folder / "a.aec", "-o", "again.aec")
    assert "no image format for names that end with .aec" in result.err
