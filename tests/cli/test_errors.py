"""Exit statuses and messages: every failure has its status and one line."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command
from helpers.files import file_of_zeros

from aecodec import Codec, compress
from aecodec.cli.shared.file_io import read_bytes
from aecodec.errors import InputError
from aecodec.format import container
from aecodec.format.container import Header, Mode

_WRONG, _IMAGE, _DAMAGED, _CODEC, _MISSING = 2, 3, 4, 5, 6
_NO_IMAGE, _NO_AEC, _CUT = b"no image", b"no file of ours", b"\xaeC\x01 cut short"


@pytest.mark.parametrize(
    ("line", "content", "status"),
    [
        ("compress INPUT -o out", _NO_IMAGE, _IMAGE),
        ("compress --stack INPUT -o out", _NO_IMAGE, _IMAGE),
        ("compare INPUT -o out", _NO_IMAGE, _IMAGE),
        ("compare digit.png INPUT -o out", _NO_IMAGE, _IMAGE),
        ("compare digit.png INPUT -o out", _CUT, _DAMAGED),
        ("evaluate digits INPUT", _NO_IMAGE, _IMAGE),
        ("report digits INPUT -o out", _NO_IMAGE, _IMAGE),
        ("decompress INPUT -o out", b"", _DAMAGED),
        ("decompress INPUT -o out", _CUT, _DAMAGED),
        ("decompress INPUT -o out", _NO_AEC, _DAMAGED),
        ("info INPUT", _NO_AEC, _DAMAGED),
        ("verify INPUT", _CUT, _DAMAGED),
        ("compress digit.png --codec nothing", None, _CODEC),
        ("codecs nothing", None, _CODEC),
        ("compress digit.png -q 9", None, _WRONG),
        ("compress digit.png -q best", None, _WRONG),
        ("compress digit.png -q 1.5", None, _WRONG),
        ("compress digit.png -q 1 --max-bytes 30", None, _WRONG),
        ("compress digit.png --max-bytes 13", None, _WRONG),
        ("compress digit.png --max-bytes 30 --min-ssimulacra2 9", None, _WRONG),
        ("compress digit.png --min-ssimulacra2 99", None, _WRONG),
        ("compress digit.png --min-psnr 70", None, _WRONG),
        ("compress", None, _WRONG),
        ("compress digit.png --stack", None, _WRONG),
        ("decompress --nonsense", None, _WRONG),
        ("train digit.png -o out --recipe nothing", None, _WRONG),
    ],
)
def test_every_failure_has_its_status_and_one_line(
    folder: Path, command: Command, line: str, content: bytes | None, status: int
) -> None:
    if content is not None:
        Path("input").write_bytes(content)
    result = command(*line.replace("INPUT", "input").split())
    assert (result.status, result.out) == (status, "")
    if content is not None:
        assert "input" in result.err
    if status != _WRONG and not line.startswith(("evaluate", "report")):
        assert len(result.err.splitlines()) == 1
        assert result.err.startswith("error: ")
    assert not Path("out").exists()


def test_a_file_of_another_codec_is_told_from_a_damaged_one(folder: Path, command: Command) -> None:
    Path("other.aec").write_bytes(container.pack(container.Header(b"\0\1\2\3"), b"x"))
    assert command("decompress", "other.aec").status == 5
    assert command("decompress", "other.aec", "--codec", "digits").status == 5
    assert command("verify", "other.aec", "--codec", "digits").status == 5
    assert "00010203" in command("info", "other.aec").out
    assert "only checksum and fields" in command("verify", "other.aec").out


PAIR = ("--decoder", "digit.png", "--calibrate", "digit.png")
"""The other files of a pair that becomes a codec."""


@pytest.mark.parametrize(
    ("arguments", "has_json"),
    [
        (["compress", "INPUT", "-o", "out"], True),
        (["compress", "--stack", "INPUT", "-o", "out"], True),
        (["decompress", "INPUT", "-o", "out"], True),
        (["info", "INPUT"], True),
        (["verify", "INPUT"], True),
        (["verify", "--device", "INPUT"], True),
        (["compare", "INPUT", "-o", "out"], False),
        (["compare", "digit.png", "INPUT", "-o", "out"], False),
        (["evaluate", "digits", "INPUT"], True),
        (["report", "digits", "INPUT", "-o", "out"], True),
        (["train", "INPUT", "-o", "out"], False),
        (["export", "digits", "--calibrate", "INPUT", "-o", "out"], False),
        (["export", "--encoder", "INPUT", *PAIR, "-o", "out"], False),
    ],
)
def test_an_input_that_does_not_exist_has_one_status_in_all_commands(
    folder: Path, command: Command, arguments: list[str], has_json: bool
) -> None:
    call = ["nothing" if argument == "INPUT" else argument for argument in arguments]
    result = command(*call)
    assert (result.status, result.out) == (_MISSING, "")
    assert len(result.err.splitlines()) == 1
    assert "nothing" in result.err
    if has_json:
        values = json.loads(command(*call, "--json").out)
        assert values["status"] == _MISSING
        assert set(values) == {"source", "error", "status"}


def test_files_that_failed_are_lines_of_json_among_the_others(
    folder: Path, command: Command
) -> None:
    Path("bad.aec").write_bytes(b"no file of ours")
    assert command("compress", "digit.png").status == 0
    for name in ("info", "verify", "decompress"):
        result = command(name, "bad.aec", "digit.aec", "gone.aec", "--json")
        assert result.status == 1
        lines = [json.loads(line) for line in result.out.splitlines()]
        assert [line.get("status", 0) for line in lines] == [_DAMAGED, 0, _MISSING]
    assert lines[0]["source"] == "bad.aec"
    assert json.loads(command("codecs", "nothing", "--json").out)["status"] == 5


def test_a_file_that_may_not_be_read_fails_alone(folder: Path, command: Command) -> None:
    shutil.copy("digit.png", "closed.png")
    Path("closed.png").chmod(0)
    if os.access("closed.png", os.R_OK):
        pytest.skip("who runs this may read everything")
    for arguments in (["compress"], ["info"], ["verify"], ["compare"], ["evaluate", "digits"]):
        result = command(*arguments, "closed.png")
        assert result.status == _MISSING
        assert "closed.png" in result.err
    result = command("compress", "closed.png", "digit.png", "--json")
    assert result.status == 1
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert [line.get("status", 0) for line in lines] == [_MISSING, 0]


_TOO_LARGE = 7


@pytest.fixture
def bomb(photo: Codec, folder: Path) -> Path:
    """A picture of 8192x8192 pixels in less than 200 bytes."""
    path = folder / "bomb.aec"
    header = Header(b"", Mode.RGB, size=(8192, 8192), reduction=64)
    path.write_bytes(file_of_zeros(photo, header))
    assert path.stat().st_size < 2000
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ["decompress", "bomb.aec", "-o", "x.png"],
        ["verify", "bomb.aec"],
        ["compare", "digit.png", "bomb.aec", "-o", "x.png"],
    ],
)
def test_a_bomb_has_a_status_of_its_own(bomb: Path, command: Command, arguments: list[str]) -> None:
    result = command(*arguments)
    assert (result.status, result.out) == (_TOO_LARGE, "")
    assert len(result.err.splitlines()) == 1
    assert "(--max-pixels)" in result.err
    assert not Path("x.png").exists()


def test_the_options_accept_and_refuse(folder: Path, command: Command) -> None:
    Path("three.aec").write_bytes(compress(np.zeros((3, 28, 28), np.uint8)))
    for verb in (["verify"], ["decompress", "--force"]):
        assert command(*verb, "three.aec", "--max-frames", 3, "--max-pixels", 2352).status == 0
        assert command(*verb, "three.aec", "--max-frames", 2).status == _TOO_LARGE
        assert command(*verb, "three.aec", "--max-pixels", 2351).status == _TOO_LARGE
        assert command(*verb, "three.aec", "--max-pixels", 0).status == 2


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no device without an end")
def test_a_device_without_an_end_is_not_read_for_ever() -> None:
    with pytest.raises(InputError, match="has more than 3,000,000 bytes"):
        read_bytes(Path("/dev/zero"), most=3_000_000)
