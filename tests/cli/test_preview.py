"""`aecodec preview`: texts and files."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.commands import Command
from helpers.images import opened
from PIL import Image

from aecodec import preview
from aecodec.format.texts import from_text


@pytest.fixture(autouse=True)
def plain_picture(folder: Path) -> None:
    """A picture that is coded fast."""
    Image.new("RGB", (60, 30), "teal").save("teal.png")


def test_pictures_become_lines(command: Command) -> None:
    text = command("preview", "teal.png", "--max-bytes", 30).out.strip()
    assert from_text(text) == preview.encode("teal.png", 30)
    lines = command("preview", "teal.png", "teal.png", "--max-bytes", 30, "--jobs", 1).out
    assert lines == f"teal.png: {text}\n" * 2


def test_a_text_or_a_file_is_decoded(command: Command) -> None:
    text = command("preview", "teal.png").out
    assert command("preview", "teal.png", "-o", "teal.bin").status == 0
    for name, payload in (("a.png", text.strip()), ("b.png", "teal.bin")):
        assert command("preview", "--decode", payload, "-o", name).status == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    assert opened("a.png").size == (32, 16)
    Path("a.txt").write_text(text)
    assert "looks like a text" in command("preview", "--decode", "a.txt", "-o", "c.png").err
    assert command("compress", "teal.png").status == 0
    assert command("preview", "teal.aec").status == 0
