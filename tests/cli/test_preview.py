"""`aecodec preview`: texts and files."""

from __future__ import annotations

from pathlib import Path

from helpers.commands import Command
from PIL import Image

from aecodec import preview
from aecodec.format.texts import from_text


def test_pictures_become_lines_or_a_file(folder: Path, command: Command) -> None:
    Image.new("RGB", (60, 30), "teal").save("teal.png")
    payload = preview.encode("teal.png", 30)
    text = command("preview", "teal.png", "--max-bytes", 30).out.strip()
    assert from_text(text) == payload
    lines = command("preview", "teal.png", "teal.png", "--max-bytes", 30, "--jobs", 1).out
    assert lines == f"teal.png: {text}\n" * 2
    assert command("preview", "teal.png", "--max-bytes", 30, "-o", "teal.bin").status == 0
    assert Path("teal.bin").read_bytes() == payload
    assert command("compress", "teal.png").status == 0
    assert command("preview", "teal.aec").status == 0
