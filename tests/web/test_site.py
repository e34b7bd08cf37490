"""The files that `aecodec web` writes, what it says, and the page of the tutorial in Chromium."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from helpers.browser import Browser
from helpers.commands import Command
from helpers.documents import ROOT
from helpers.static_host import static_host
from helpers.tutorials import follow

from aecodec.codec.codec import Codec


def test_a_page_is_written_with_what_it_refers_to(
    command: Command, tmp_path: Path, codec: Codec
) -> None:
    result = command("web", "digits", "-o", "site")
    assert (result.status, result.err) == (0, "")
    site = tmp_path / "site"
    page = (site / "index.html").read_text()
    addresses = re.findall(r'(?:src|href)="([^":]+)"', page)
    assert len(addresses) == 3
    for address in addresses:
        assert (site / address).is_file()
    sample = json.loads((site / "samples" / "index.json").read_text())
    file = (site / "samples" / f"{sample['picture']}.aec").read_bytes()
    assert codec.decompress(file).size == (28, 28)


def test_a_codec_that_only_decompresses_makes_a_page_without_a_sample(
    command: Command, tmp_path: Path
) -> None:
    codec = ROOT / "tests" / "golden" / "codecs" / "grid.aecodec"
    assert command("web", str(codec), "-o", "site").status == 0
    assert json.loads((tmp_path / "site" / "samples" / "index.json").read_text()) is None


@pytest.mark.slow
def test_the_page_of_the_tutorial_shows_the_photograph(tmp_path: Path, browser: Browser) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    follow(ROOT / "docs/tutorials/web.md", folder)
    with static_host(folder / "site") as host:
        browser.open(f"{host.url}/coffee.html", width=1280)
        size = browser.run(
            "const element = document.querySelector('aec-img');"
            "while (!element.complete) await new Promise((resolve) => setTimeout(resolve, 50));"
            "return [element.naturalWidth, element.naturalHeight];"
        )
    assert size == [600, 400]
