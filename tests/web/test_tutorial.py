"""The page that readers of the tutorial for the web make works in Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.documents import ROOT
from helpers.tutorials import follow

from benchmarks.web.browser import Browser
from benchmarks.web.static_host import static_host

LOADED = """
const element = document.querySelector('aec-img');
while (!element.naturalWidth) await new Promise((resolve) => setTimeout(resolve, 50));
return [element.naturalWidth, element.naturalHeight, element.getAttribute('preview').length > 40];
"""


@pytest.mark.slow
def test_the_page_shows_the_photograph(tmp_path: Path, browser: Browser) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    follow(ROOT / "docs/tutorials/web.md", folder)
    with static_host(folder / "site") as host:
        browser.open(f"{host.url}/coffee.html", width=1280)
        assert browser.run(LOADED) == [600, 400, True]
