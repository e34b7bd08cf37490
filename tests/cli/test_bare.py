"""Bare payloads on the command line: as bytes, as texts, and in folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers.commands import Command

from aecodec.data.samples import sample_paths

CODEC = ("--codec", "digits")


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
    size = command("compress", "digit.png", "--json").json[0]["bytes"]
    bare = command("compress", "digit.png", "--bare", *options, "--json")
    assert bare.json[0]["bytes"] == size - saved
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
