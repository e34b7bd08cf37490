"""`aecodec preview`: texts and files."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.commands import Command
from helpers.images import opened
from PIL import Image

from aecodec import preview
from aecodec.format.binary import crc_8
from aecodec.format.texts import TextForm


@pytest.fixture(autouse=True)
def plain_picture(folder: Path) -> None:
    """A picture that is coded fast."""
    Image.new("RGB", (60, 30), "teal").save("teal.png")


def test_pictures_become_lines(command: Command) -> None:
    text = command("preview", "teal.png", "--max-bytes", 30).out.strip()
    payload = preview.encode("teal.png", 30)
    assert TextForm.BASE64URL.decode(text) == payload
    options = ("--text", "base91", "--checksum", "--max-bytes", 31)
    lines = command("preview", "teal.png", "teal.png", *options, "--jobs", 1).out.splitlines()
    assert lines == [f"teal.png: {TextForm.BASE91.encode(payload + bytes([crc_8(payload)]))}"] * 2


@pytest.mark.parametrize("options", [(), ("--checksum",), ("--text", "base91", "--checksum")])
def test_a_preview_is_decoded(options: tuple[str, ...], command: Command) -> None:
    text = command("preview", "teal.png", *options).out.strip()
    assert command("preview", "teal.png", *options, "-o", "teal.bin").status == 0
    for name, payload in (("a.png", text), ("b.png", "teal.bin")):
        assert command("preview", "--decode", payload, *options, "-o", name).status == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    assert opened("a.png").size == (32, 16)


def test_messages_name_the_option_for_texts(command: Command) -> None:
    assert command("preview", "teal.png", "--text", "base91", "-o", "a.txt").status == 0
    result = command("preview", "--decode", Path("a.txt").read_text().strip(), "-o", "a.png")
    assert (result.status, "or need --text base91" in result.err) == (4, True)
    assert "use --text base64url or" in command("preview", "--decode", "a.txt", "-o", "b.png").err
