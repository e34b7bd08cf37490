"""How the element and pages show previews in Chromium."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.browser import Browser
from helpers.commands import Command
from helpers.documents import ROOT
from helpers.static_host import StaticHost, static_host
from PIL import Image

from aecodec import preview
from aecodec.format.texts import to_text

pytestmark = pytest.mark.slow

GREEN = to_text(preview.encode(Image.new("RGB", (300, 200), "green"), 20))


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_preview_fades_to_the_picture(browser: Browser, host: StaticHost, motion: str) -> None:
    browser.open(f"{host.url}/blank.html", width=1280, motion=motion)
    events, preview_box, shown, fades, hidden, picture_box, pixel = browser.run(
        "const events = [], element = make({ width: 30, height: 40 });"
        f"element.setAttribute('preview', '{GREEN}');"
        "for (const name of ['preview', 'load', 'error', 'previewerror'])"
        " element.addEventListener(name, () => events.push(name));"
        "await event(element, 'preview'); const shown = opacity(element), before = box(element);"
        "const { width } = cover(element);"
        "const pixel = [...cover(element).getContext('2d').getImageData(50, 40, 1, 1).data];"
        "element.setAttribute('src', '/golden/digit3.aec'); await event(element, 'load');"
        "const fades = cover(element).getAnimations();"
        "await Promise.all(fades.map((fade) => fade.finished));"
        "return [events, [...before, width], shown, fades.length, opacity(element),"
        " [element.naturalWidth, element.naturalHeight], pixel];"
    )
    assert (events, preview_box) == (["preview", "load"], [30, 40, 128])
    assert (shown, fades, hidden) == ("1", int(motion == "no-preference"), "0")
    assert picture_box == [28, 28]
    assert np.abs(np.subtract(pixel, (0, 128, 0, 255))).max() < 20


@pytest.mark.parametrize(
    ("attributes", "size"),
    [({}, (300, 200)), ({"height": 100}, (150, 100)), ({"width": 50, "height": 50}, (50, 50))],
)
def test_a_preview_alone_keeps_its_room(
    page: Browser, attributes: dict[str, int], size: tuple[int, int]
) -> None:
    room, shown = page.run(
        f"const element = make({json.dumps({'preview': GREEN, **attributes})});"
        "const room = box(element); await event(element, 'preview');"
        "return [[room, box(element)], opacity(element)];"
    )
    assert room[0] == room[1] == pytest.approx(size, rel=0.03)
    assert shown == "1"


def test_an_invalid_preview_does_not_stop_the_picture(page: Browser) -> None:
    error, width = page.run(
        "const element = make({ src: '/golden/digit3.aec' });"
        "const failed = event(element, 'previewerror');"
        "element.setAttribute('preview', 'a+b'); const { error } = await failed;"
        "await event(element, 'load'); return [String(error), element.naturalWidth];"
    )
    assert error.startswith("FormatError")
    assert "base64url" in error
    assert width == 28


PAGE = """<!DOCTYPE html><link rel="icon" href="data:,">
<link rel="modulepreload" href="aecodec/preview.js">
<script>
const loaded = [];
const note = ({ target }) => target.tagName === "IMG" && loaded.push(performance.now());
document.addEventListener("load", note, true);
</script>
%s
<script type="module">
import { previewUrl } from "./aecodec/preview.js";
for (const image of document.querySelectorAll("[data-preview]")) {
  image.style.background = `url(${previewUrl(image.dataset.preview)}) 0 / 100%% 100%%`;
}
globalThis.shown = performance.now();
</script>
"""


def test_twelve_previews_appear_before_the_first_jpeg(
    browser: Browser, command: Command, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "web" / "src", tmp_path / "aecodec")
    photo = Image.open(ROOT / "web" / "coffee.jpg")
    names = [f"{number}.jpg" for number in range(12)]
    for name in names:
        photo.save(name, quality=87)  # 67 kB
    (tmp_path / "page.html").write_text(PAGE % command("preview", "--html", *names).out)
    with static_host(tmp_path, compresses=True) as host, browser.fast_3g():
        browser.open(f"{host.url}/page.html", width=1280)
        shown, loaded = browser.run("return [shown, loaded];")
    assert len(loaded) == 12
    assert shown < min(loaded)
