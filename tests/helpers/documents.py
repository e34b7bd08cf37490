"""The documents for people, and what they show: commands and programs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = sorted((ROOT / "docs").glob("*.md"))
TUTORIALS = sorted((ROOT / "docs/tutorials").glob("*.md"))

_BLOCK = re.compile(r'^```(\w+)(?: title="([^"\n]*)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block; its title is the file that readers write the text to, or empty."""

    language: str
    title: str
    text: str


def blocks_of(document: Path) -> list[Block]:
    return [Block(*groups) for groups in _BLOCK.findall(document.read_text("utf-8"))]


def commands_of(document: Path) -> list[str]:
    shown = [block.text for block in blocks_of(document) if block.language == "sh"]
    return [line for text in shown for line in text.splitlines()]
