"""The plugin is registered in these tests: no command does anything else for that."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.commands import Command
from PIL import Image

import aecodec
import aecodec.pillow
from aecodec.datasets.folders_and_arrays import images_in
from aecodec.image_files.formats import format_of, has_image_name


@pytest.fixture
def folder(tmp_path: Path, digit: Image.Image) -> Path:
    """A folder with a digit as an `.aec` file and as a PNG file."""
    folder = tmp_path / "scans"
    folder.mkdir()
    digit.save(folder / "a.aec")
    digit.save(folder / "b.png")
    return folder


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_aec_file_in_a_folder_is_no_picture(folder: Path, command: Command) -> None:
    assert not has_image_name(folder / "a.aec")
    (folder / "._b.png").touch()
    (folder / "manual.pdf").touch()
    assert [path.name for path in images_in(folder)] == ["b.png"]
    assert command("compress", folder).status == 0
    assert files_in(folder.with_name("scans_aec")) == ["b.aec"]
    assert command("evaluate", "digits", folder).status == 0


def test_an_aec_file_is_no_input_of_compress(folder: Path, command: Command) -> None:
    result = command("compress", folder / "a.aec", "-o", "again.aec")
    assert result.status == 3
    assert "already an .aec file: use decompress" in result.err
    with pytest.raises(aecodec.ImageError, match=r"already an \.aec file: use decompress"):
        aecodec.compress(folder / "a.aec")


def test_decompress_takes_aec_files_and_writes_none(folder: Path, command: Command) -> None:
    assert command("decompress", folder).status == 0
    assert files_in(folder.with_name("scans_decompressed")) == ["a.png"]
    result = command("decompress", folder / "a.aec", "-o", "again.aec")
    assert result.status == 2
    assert "Pillow has no image format for names that end with .aec" in result.err
    assert format_of(".aec") is format_of(".AEC") is None
