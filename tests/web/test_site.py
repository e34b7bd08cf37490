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
from PIL import Image

from aecodec.codec.codec import Codec


def test_a_page_is_written_with_what_it_refers_to(
    command: Command, tmp_path: Path, codec: Codec
) -> None:
    result = command("web", "digits", "-o", "site")
    assert (result.status, result.err) == (0, "")
    site = tmp_path / "site"
    page = (site / "index.html").read_text()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) > 10
    for address in addresses:
        assert (site / address).is_file()
    for script in site.rglob("*.js"):
        for address in re.findall(r'(?:from|URL\()\s*"(\./[^"]+)"', script.read_text()):
            assert (script.parent / address).is_file(), f"{script}: {address}"
    samples = json.loads((site / "samples" / "index.json").read_text())
    assert [sample["title"] for sample in samples] == [f"Digit {number}" for number in range(10)]
    file = (site / "samples" / samples[3]["file"]).read_bytes()
    assert samples[3]["levels"][1]["bytes"] == len(file)
    assert codec.decompress(file).size == (28, 28)


def test_samples_of_a_folder_suit_a_codec_and_their_addresses_are_quoted(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    for name, size in (("b (#1).png", 28), ("large.png", 30)):
        Image.new("LA", (size, size), (100, 50)).save(tmp_path / "mine" / name)
    result = command("web", "digits", "-o", "site", "--samples", "mine")
    assert result.status == 0
    assert "large.png: left out" in result.err
    assert "b (#1).png" not in result.err
    assert (tmp_path / "site" / "samples" / "thumbnails" / "b (#1).png.jpg").is_file()
    page = (tmp_path / "site" / "index.html").read_text()
    assert 'src="samples/thumbnails/b%20(%231).png.jpg"' in page
    assert (tmp_path / "site" / "samples" / "b (#1).png.aec").is_file()


def test_a_folder_without_pictures_is_no_folder_of_samples(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    refused = command("web", "digits", "-o", "site", "--samples", "empty")
    assert refused.status == 2
    assert "no picture" in refused.err
    assert command("web", "digits", "-o", "site", "--samples", "absent").status == 6
    (tmp_path / "empty" / "a.png").touch()
    assert "a.png: not an image" in command("web", "digits", "-o", "site", "--samples", "empty").err


def test_a_codec_that_only_decompresses_makes_a_page_without_samples(
    command: Command, tmp_path: Path
) -> None:
    codec = ROOT / "tests" / "golden" / "codecs" / "grid.aecodec"
    assert command("web", str(codec), "-o", "site").status == 0
    assert json.loads((tmp_path / "site" / "samples" / "index.json").read_text()) == []


LOADED = """
const element = document.querySelector('aec-img');
while (!element.naturalWidth) await new Promise((resolve) => setTimeout(resolve, 50));
return [element.naturalWidth, element.naturalHeight];
"""


@pytest.mark.slow
def test_the_page_of_the_tutorial_shows_the_photograph(tmp_path: Path, browser: Browser) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    follow(ROOT / "docs/tutorials/web.md", folder)
    with static_host(folder / "site") as host:
        browser.open(f"{host.url}/coffee.html", width=1280)
        assert browser.run(LOADED) == [600, 400]
