"""Bare payloads on the command line: as bytes, as texts, and in folders."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from helpers.commands import Command, piped

from aecodec.data.samples import sample_paths

CODEC = ("--codec", "digits")
PACKS = ("--stacks-of", "2", "--manifest", "packs.parquet", "-o", "packs")


@pytest.mark.parametrize(
    ("options", "name", "saved"),
    [
        ((), "digit.bin", 11),
        (("--checksum",), "digit.bin", 10),
        (("--text", "base64url"), "digit.txt", 11),
        (("--text", "base91", "--checksum"), "digit.txt", 10),
    ],
)
def test_a_bare_payload_is_restored(
    options: tuple[str, ...], name: str, saved: int, folder: Path, command: Command
) -> None:
    size = json.loads(command("compress", "digit.png", "--json").out)["bytes"]
    bare = command("compress", "digit.png", "--bare", *options, "--json")
    assert json.loads(bare.out)["bytes"] == size - saved
    assert Path(name).stat().st_size == size - saved or Path(name).read_text().isascii()
    assert command("decompress", "digit.aec", "-o", "file.png").status == 0
    read = command("decompress", name, "--bare", *CODEC, *options, "-o", "bare.png")
    assert read.status == 0, read.err
    assert Path("bare.png").read_bytes() == Path("file.png").read_bytes()


def test_max_bytes_counts_the_payload_with_its_checksum(folder: Path, command: Command) -> None:
    for level in "123":
        at_level = ("compress", "digit.png", "--bare", "--checksum", "--force")
        assert command(*at_level, "-q", level, "-o", "level.bin").status == 0
        size = Path("level.bin").stat().st_size
        assert command(*at_level, "--max-bytes", size, "-o", "most.bin").status == 0
        assert Path("most.bin").read_bytes() == Path("level.bin").read_bytes()


def test_folders_and_stacks(folder: Path, command: Command) -> None:
    Path("scans").mkdir()
    for path in sample_paths():
        shutil.copy(path, "scans")
    assert command("compress", "scans", "--bare", "--jobs", 1).status == 0
    assert command("decompress", "scans_bin", "--bare", *CODEC, "--jobs", 1).status == 0
    count = len(sample_paths())
    assert len(list(Path("scans_bin_decompressed").glob("*.png"))) == count
    assert command("compress", "scans", "--stack", "--bare", "--text", "base91").status == 0
    read = command("decompress", "scans.txt", "--bare", *CODEC, "--text", "base91", "-o", "back/")
    assert f"{count} pictures" in read.out


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("decompress", "digit.bin", "--bare"), 2, "name it with --codec"),
        (("decompress", "digit.bin", "--text", "base91", *CODEC), 2, "use them with --bare"),
        (("decompress", "digit.bin", "--bare", "--checksum", *CODEC), 4, "checksum"),
        (("decompress", "digit.bin", "--bare", "--text", "base91", *CODEC), 4, "base91"),
        (("decompress", "digit.png", "--bare", *CODEC), 4, "digit.png: damaged"),
        (("decompress", "digit.bin", *CODEC), 4, "not an .aec file"),
        (("compress", "digit.png", "--bare", "--lossless", "--force"), 2, "refinements"),
        (("compress", "digit.png", "--checksum"), 2, "use them with --bare"),
        (("compress", ".", "--bare", *PACKS), 2, "leave out --bare"),
    ],
)
def test_errors(
    arguments: tuple[str, ...], status: int, message: str, folder: Path, command: Command
) -> None:
    assert command("compress", "digit.png", "--bare").status == 0
    result = command(*arguments)
    assert result.status == status
    assert message in result.err


def test_a_text_goes_through_pipes(folder: Path) -> None:
    form = ("--bare", "--text", "base64url")
    text = piped("compress", "-", *form, data=Path("digit.png").read_bytes()).stdout
    assert text.endswith(b"\n")
    picture = piped("decompress", "-", *form, *CODEC, data=text).stdout
    assert picture.startswith(b"\x89PNG")
