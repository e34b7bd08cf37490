"""A page of one small codec in Chromium works at all; the long tests look at everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.documents import ROOT

from aecodec.cli.shared.file_io import write_tree
from aecodec.codec.codec import Codec
from aecodec.web.samples import sample_pictures
from aecodec.web.site import site_files
from benchmarks.web.browser import Browser
from benchmarks.web.static_host import StaticHost, static_host

GOLDEN = ROOT / "tests" / "golden"

READY = """
while (!/[0-9]/.test(document.getElementById('bytes').textContent))
  await new Promise((resolve) => setTimeout(resolve, 20));
const values = [document.getElementById('bytes').textContent];
"""


@pytest.fixture(scope="module")
def digits_host(codec: Codec, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticHost]:
    """A page of the codec `digits` on a host, and two golden files."""
    folder: Path = tmp_path_factory.mktemp("digits") / "site"
    contents = site_files([codec], sample_pictures(None))
    for name in ("digit3.aec", "refused/checksum.aec"):
        contents[Path(name).name] = (GOLDEN / name).read_bytes()
    write_tree(folder, contents, force=False)
    with static_host(folder) as host:
        yield host


def test_a_digit_is_shown_coded_and_decoded(
    browser: Browser, digits_host: StaticHost, codec: Codec
) -> None:
    browser.open(f"{digits_host.url}/", width=390)
    result = browser.run(
        READY + "const { decode, encode } = await import('/aecodec/index.js');"
        "const file = await (await fetch('/digit3.aec')).arrayBuffer();"
        "const picture = await decode(file);"
        "const again = await encode(picture, { codec: '/codecs/0881441f', level: 3 });"
        "const damaged = await (await fetch('/checksum.aec')).arrayBuffer();"
        "const error = await decode(damaged).catch((error) => error.name);"
        "return [...values, picture.width, [...again], error];"
    )
    size, width, file, error = result
    assert 20 < int(size) < 40
    assert (width, error) == (28, "FormatError")
    assert codec.decompress(bytes(file)).size == (28, 28)
    assert browser.messages() == []


def test_the_page_answers_the_keyboard(browser: Browser, digits_host: StaticHost) -> None:
    browser.open(f"{digits_host.url}/", width=1280)
    (before,) = browser.run(READY + "return values;")
    browser.press("#level", "ArrowRight")
    after = browser.run(
        f"while (document.getElementById('bytes').textContent === '{before}')"
        " await new Promise((resolve) => setTimeout(resolve, 20));"
        "return document.getElementById('bytes').textContent;"
    )
    assert int(after) > int(before)
