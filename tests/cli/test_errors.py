"""Exit statuses and messages: every failure has its status and one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command
from helpers.documents import ROOT
from helpers.writer import pack
from PIL import Image

from aecodec import compress, load_codec
from aecodec.data.samples import sample_paths
from aecodec.format.container import Header

_WRONG, _IMAGE, _DAMAGED, _CODEC, _MISSING, _TOO_LARGE = 2, 3, 4, 5, 6, 7

PAIR = "--decoder digit.png --calibrate digit.png"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    shutil.copytree(sample_paths()[0].parent, folder / "scans")
    shutil.copy(sample_paths()[3], folder / "digit.png")
    Image.open(ROOT / "web" / "coffee.jpg").resize((96, 64)).save(folder / "photo.png")
    file = compress(folder / "digit.png")
    (folder / "digit.aec").write_bytes(file)
    (folder / "digit.bin").write_bytes(load_codec("digits").to_bare(file))
    (folder / "bound.aec").write_bytes(compress(folder / "digit.png", max_error=4))
    (folder / "page.html").write_text("<img src=digit.png>", encoding="utf-16")
    (folder / "exists.csv").touch()
    (folder / "text").write_bytes(b"neither an image nor a file of ours")
    return folder


def contents() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        ("compress text -o out", _IMAGE, "text"),
        ("decompress exists.csv -o out", _DAMAGED, "exists.csv"),
        ("compress photo.png --codec nothing", _CODEC, "nothing"),
        ("compress photo.png -q 9", _WRONG, "has levels 1"),
        ("compress photo.png --max-bytes 9", _WRONG, "too few"),
        ("compress photo.png --min-ssimulacra2 101", _WRONG, "even a lossless file does not reach"),
        ("compress", _WRONG, "Missing argument"),
        ("compress ", _WRONG, "an argument is empty"),
        ("compress digit.png", _WRONG, "digit.png: digit.aec already exists; use --force"),
        ("compress digit.png -o digit.png --force", _WRONG, "is an input"),
        ("compress digit.png --skip-existing --force", _WRONG, "use only one of them"),
        ("stack digit.png", _WRONG, "name it with -o"),
        ("stack digit.png -o scans", _WRONG, "scans is a folder"),
        ("train digit.png -o out --recipe nothing", _WRONG, "nothing"),
        ("payload bound.aec", _WRONG, "refinements"),
        ("payload digit.bin -o x", _DAMAGED, "not an .aec file"),
        ("payload digit.bin --checksum --codec digits -o x", _DAMAGED, "checksum"),
        ("payload digit.bin --text --codec digits -o x", _DAMAGED, "base64url"),
        ("decompress digit.aec -o x.avif", _WRONG, "--quality"),
        ("decompress digit.aec --format png --quality 90", _WRONG, "png is lossless"),
        ("decompress digit.aec -o x.png --format tiff", _WRONG, "the extension of -o x.png"),
        ("verify", _WRONG, "nothing to verify"),
        ("evaluate photo", _WRONG, "at least one codec and then the data set"),
        ("evaluate photo scans --against gif", _WRONG, "unknown format; use any of jpeg"),
        ("compress absent -o out", _MISSING, "absent"),
        ("verify --device absent", _MISSING, "absent"),
        ("train absent -o out", _MISSING, "absent"),
        ("export digits --format c --calibrate absent -o out", _MISSING, "absent"),
        (f"import --encoder absent {PAIR} -o out", _MISSING, "absent"),
    ],
)
def test_a_failure_has_its_message_and_changes_no_file(
    files: Path, folder: Path, command: Command, line: str, status: int, message: str
) -> None:
    shutil.copytree(files, folder, dirs_exist_ok=True)
    before = contents()
    result = command(*line.split(" "))
    assert (result.status, result.out) == (status, "")
    assert message in result.err
    if status != _WRONG and not line.startswith("evaluate"):
        assert result.err.startswith("error: ")
        assert result.err.count("\n") == 1
    assert contents() == before


def test_a_file_of_another_codec_is_told_from_a_damaged_one(folder: Path, command: Command) -> None:
    Path("other.aec").write_bytes(pack(Header(b"\0\1\2\3"), b"x"))
    unknown = command("decompress", "other.aec")
    assert (unknown.status, "not part of this version" in unknown.err) == (5, True)
    for name in ("decompress", "verify"):
        result = command(name, "other.aec", "--codec", "digits")
        assert (result.status, "made with codec 00010203" in result.err) == (5, True)
    assert "00010203" in command("info", "other.aec").out
    assert "only checksum and fields" in command("verify", "other.aec").out


def test_files_that_failed_are_lines_of_json_among_the_others(
    folder: Path, command: Command
) -> None:
    Path("bad.aec").write_bytes(b"no file of ours")
    assert command("compress", "digit.png").status == 0
    for name in ("info", "verify"):
        result = command(name, "bad.aec", "digit.aec", "gone.aec", "--json")
        assert result.status == 1
        lines = result.json
        assert [line.get("status", 0) for line in lines] == [_DAMAGED, 0, _MISSING]
    assert lines[0]["source"] == "bad.aec"


def test_files_beyond_limits_have_a_status(folder: Path, command: Command) -> None:
    Path("three.aec").write_bytes(compress(np.zeros((3, 28, 28), np.uint8)))
    for verb in (["verify"], ["decompress", "--force"]):
        assert command(*verb, "three.aec", "--max-frames", 3, "--max-pixels", 2352).status == 0
        assert command(*verb, "three.aec", "--max-frames", 2).status == _TOO_LARGE
        assert command(*verb, "three.aec", "--max-pixels", 2351).status == _TOO_LARGE
        assert command(*verb, "three.aec", "--max-pixels", 0).status == 2
