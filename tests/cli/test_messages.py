"""`aecodec messages`: lines of text, their picture, and errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.commands import Command
from helpers.documents import ROOT
from helpers.images import opened
from PIL import Image

FORM = ("--text", "base91", "--checksum")


@pytest.fixture(autouse=True)
def photo(folder: Path) -> None:
    Image.open(ROOT / "web" / "coffee.jpg").resize((96, 64)).save("photo.png")


def test_messages_become_a_picture(command: Command) -> None:
    options = ("photo.png", "--count", 2, "--max-bytes", 150, *FORM)
    lines = command("messages", *options).out.split()
    assert len(lines) == 2
    assert command("messages", *options, "-o", "sent.txt").status == 0
    Path("received.txt").write_text(f"{lines[1]}\r\n\n{lines[0]}\n")
    assert Path("sent.txt").read_text().split() == lines
    for name in ("sent", "received"):
        picture = ("messages", "--decode", f"{name}.txt", "-o", f"{name}.png", *FORM)
        assert command(*picture).status == 0
    assert Path("sent.png").read_bytes() == Path("received.png").read_bytes()
    assert opened("sent.png").size == (96, 64)


def test_a_damaged_line_costs_only_its_message(command: Command) -> None:
    options = ("photo.png", "--count", 2, "--max-bytes", 150)
    lines = command("messages", *options).out.split()
    Path("sent.txt").write_text(f"\ufeff{lines[0]}\n{lines[1][:-1]}?\n!\n", "utf-8")
    result = command("messages", "--decode", "sent.txt", "-o", "sent.png")
    assert (result.status, opened("sent.png").size) == (0, (96, 64))
    assert "line 2 is not used" in result.err
    assert "(and 1 more)" in result.err
    Path("sent.txt").write_text(lines[0], "utf-16")
    assert "are in UTF-16" in command("messages", "--decode", "sent.txt", "-o", "a.png").err
    assert (
        "1 of 9 messages" in command("messages", "photo.png", "--max-bytes", 20, "--count", 9).err
    )
