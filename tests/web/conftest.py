"""Fixtures of the tests in a browser: a page on a host, and Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers.browser import Browser, opened_browser
from helpers.codecs.golden import GOLDEN, refused
from helpers.static_host import StaticHost, static_host
from PIL import Image

import aecodec
from aecodec.base.arrays import Pixels
from aecodec.cli.shared.file_io import write_folder
from aecodec.codec_files.folder import CodecFolder
from aecodec.web.site import hosted_files, site_files

_BLANK = b"""<!DOCTYPE html><link rel="icon" href="data:,">
<script type="module" src="scripts.js"></script>
"""


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    photo: aecodec.Codec,
    codec: aecodec.Codec,
    photograph: Pixels,
) -> Path:
    folder = tmp_path_factory.mktemp("web") / "site"
    contents = site_files([photo, codec])
    for codec_folder in map(CodecFolder.open, GOLDEN.glob("codecs/*")):
        for name, content in hosted_files(codec_folder).items():
            contents[f"codecs/{codec_folder.spec.codec_id.hex()}/{name}"] = content
    contents |= {f"golden/refused/{name}.aec": content for name, content in refused().items()}
    contents |= dict.fromkeys(["blank.html", "codecs/page/head"], _BLANK)
    write_folder(folder, contents, force=False)
    shutil.copytree(GOLDEN, folder / "golden", dirs_exist_ok=True)
    shutil.copy(Path(__file__).with_name("scripts.js"), folder)
    Image.fromarray(photograph[:300, :420]).save(folder / "photograph.png")
    Image.fromarray(np.array(photograph[::6, ::6])).convert("LA").save(folder / "grey.png")
    Image.fromarray(np.array(photograph[::6, ::6, 0], np.uint16) << 8).save(folder / "deep.png")
    return folder


@pytest.fixture(scope="session")
def host(site: Path) -> Iterator[StaticHost]:
    with static_host(site) as host:
        yield host


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    pytest.importorskip("selenium", reason="needs pip install -e '.[test]'")
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("needs Chromium: apt-get install chromium chromium-driver")
    with opened_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, host: StaticHost) -> Browser:
    browser.open(f"{host.url}/blank.html", width=1280)
    return browser
