"""Files that claim too much: their status, the option that accepts them, and what they take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command
from helpers.files import file_of_zeros

from aecodec import Codec, compress
from aecodec.cli.shared.file_io import read_bytes
from aecodec.errors import InputError
from aecodec.format.container import Header, Mode

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
