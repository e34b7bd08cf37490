"""Exit statuses and messages: every failure has its status and one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.commands import Command, piped

from aecodec.format import container


@pytest.mark.parametrize(
    ("name", "content", "arguments", "status"),
    [
        ("x.png", None, ["compress", "x.png"], 3),
        ("x.png", b"no image", ["compress", "x.png"], 3),
        ("x.aec", None, ["decompress", "x.aec"], 4),
        ("x.aec", b"", ["decompress", "x.aec"], 4),
        ("x.aec", b"\xaeC\x01 but then no more", ["verify", "x.aec"], 4),
        ("x.aec", b"no file of ours", ["info", "x.aec"], 4),
        ("x", None, ["compress", "digit.png", "--codec", "nothing"], 5),
        ("x", None, ["codecs", "nothing"], 5),
        ("x", None, ["compress", "digit.png", "-q", "9"], 2),
        ("x", None, ["compress", "digit.png", "-q", "best"], 2),
        ("x", None, ["compress", "digit.png", "-q", "1.5"], 2),
        ("x", None, ["compress", "digit.png", "-q", "1", "--max-bytes", "30"], 2),
        ("x", None, ["compress", "digit.png", "--max-bytes", "13"], 2),
        ("x", None, ["compress", "digit.png", "--min-psnr", "70"], 2),
        ("x", None, ["compress"], 2),
        ("x", None, ["compress", "digit.png", "--stack"], 2),
        ("x", None, ["decompress", "--nonsense"], 2),
        ("x", None, ["train", "digit.png", "-o", "x", "--recipe", "nothing"], 2),
    ],
)
def test_every_failure_has_its_status_and_one_line(
    folder: Path,
    command: Command,
    name: str,
    content: bytes | None,
    arguments: list[str],
    status: int,
) -> None:
    if content is not None:
        (folder / name).write_bytes(content)
    result = command(*arguments)
    assert result.status == status
    assert result.out == ""
    if status != 2:
        assert len(result.err.splitlines()) == 1
        assert result.err.startswith("error: ")


def test_a_file_of_another_codec_is_told_from_a_damaged_one(folder: Path, command: Command) -> None:
    Path("other.aec").write_bytes(container.pack(container.Header(b"\0\1\2\3"), b"x"))
    assert command("decompress", "other.aec").status == 5
    assert command("decompress", "other.aec", "--codec", "digits").status == 5
    assert command("verify", "other.aec", "--codec", "digits").status == 5
    assert "00010203" in command("info", "other.aec").out
    assert "checksum and fields only" in command("verify", "other.aec").out


def test_litert_prints_nothing(folder: Path) -> None:
    done = piped("compress", "digit.png", data=b"")
    assert done.returncode == 0
    assert done.stderr == b""
