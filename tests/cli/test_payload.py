"""`aecodec payload`: files as bytes or texts without their signature, codec and checksum."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.commands import Command


@pytest.mark.parametrize(
    ("options", "name", "saved"),
    [
        ((), "digit.bin", 11),
        (("--checksum",), "digit.bin", 10),
        (("--text", "--checksum"), "digit.txt", None),
    ],
)
def test_a_file_is_restored(
    options: tuple[str, ...], name: str, saved: int | None, folder: Path, command: Command
) -> None:
    assert command("compress", "digit.png").status == 0
    file = Path("digit.aec").read_bytes()
    assert command("payload", "digit.aec", *options).status == 0
    payload = Path(name).read_bytes()
    assert payload.isascii() if saved is None else len(file) - len(payload) == saved
    result = command("payload", name, "--codec", "digits", *options, "-o", "back.aec")
    assert result.out == f"{name} -> back.aec: {len(file)} of {len(payload)} bytes\n"
    assert Path("back.aec").read_bytes() == file
