"""The page of `aecodec web` in Chromium, on a desktop and on a phone."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

import numpy as np
import pytest
from helpers.browser import Browser
from helpers.documents import ROOT
from helpers.static_host import StaticHost, static_host
from PIL import Image

from aecodec.codec.codec import Codec
from aecodec.web.site import PHOTOGRAPH

pytestmark = pytest.mark.slow

GOLDEN = ROOT / "tests" / "golden"
WIDTHS = (1280, 390)

READY = """
const look = document.getElementById('look');
const bytes = document.getElementById('bytes');
while (look.ariaBusy !== 'false' || !/[0-9]/.test(bytes.textContent))
  await new Promise((resolve) => setTimeout(resolve, 20));
"""

MEASURED = """
const cell = (format) => document.querySelector(`[value=${format}]`).closest('tr').cells[1];
while (!['WebP', 'JPEG'].every((format) => /[0-9]/.test(cell(format).textContent)))
  await new Promise((resolve) => setTimeout(resolve, 20));
await new Promise((resolve) => setTimeout(resolve, 200));
"""

SHIFTS = """
return new Promise((resolve) => new PerformanceObserver((list) => resolve(
  list.getEntries().reduce((sum, each) => sum + each.value, 0)
)).observe({ type: 'layout-shift', buffered: true }) || setTimeout(() => resolve(0), 300));
"""

DROP = """
const file = new File([await (await fetch(NAME)).blob()], NAME.split('/').pop());
const dataTransfer = new DataTransfer();
dataTransfer.items.add(file);
for (const type of ['dragover', 'drop'])
  document.body.dispatchEvent(
    new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true })
  );
await new Promise((resolve) => setTimeout(resolve, 50));
"""


@pytest.fixture(params=WIDTHS)
def opened(browser: Browser, host: StaticHost, request: pytest.FixtureRequest) -> Browser:
    browser.open(f"{host.url}/", width=request.param)
    browser.run(READY)
    return browser


@pytest.fixture
def desktop(browser: Browser, host: StaticHost) -> Browser:
    browser.open(f"{host.url}/", width=1280)
    browser.run(READY)
    return browser


def drop(page: Browser, name: str) -> None:
    page.run(DROP.replace("NAME", repr(name)) + READY)


def text(page: Browser, element: str) -> str:
    return str(page.run(f"return document.querySelector('{element}').textContent;"))


def shown_bytes(page: Browser) -> int:
    return int(text(page, "#bytes").replace(",", ""))


def message(page: Browser) -> str:
    script = "const box = document.getElementById('message');"
    return str(page.run(f"{script} return box.hidden ? '' : box.innerText;"))


def settle(page: Browser) -> None:
    page.run(READY + MEASURED)


def test_a_sample_is_there_and_nothing_moves_or_is_complained_about(
    opened: Browser, host: StaticHost, photo: Codec
) -> None:
    sample = np.asarray(Image.open(PHOTOGRAPH))
    assert shown_bytes(opened) == len(photo.compress(sample))
    assert text(opened, "#name") == "coffee.jpg"
    settle(opened)
    assert opened.messages() == []
    assert {url for url in opened.requests() if not url.startswith((host.url, "blob:"))} == set()
    widths = opened.run("return [document.documentElement.scrollWidth, innerWidth];")
    assert widths[0] <= widths[1]
    assert opened.run(SHIFTS) < 0.0005
    assert opened.run(
        "const [button, ...more] = document.querySelectorAll('.main');"
        "return button.getBoundingClientRect().bottom < 844 && !more.length;"
    )


def test_the_codec_is_downloaded_for_the_first_change(browser: Browser, site: Path) -> None:
    with static_host(site) as host:
        browser.open(f"{host.url}/", width=1280)
        browser.run(READY)
        assert 100_000 < sum(host.sent.values()) < 1_000_000
        host.gate.clear()
        browser.press("#level", "ARROW_RIGHT")
        told = browser.run(
            "const tag = document.getElementById('download-tag');"
            "while (!/[1-9][.]. of/.test(tag.textContent)) await new Promise(setTimeout);"
            "return tag.textContent;"
        )
        assert re.fullmatch(r"Downloading the encoder: 1\.\d of 2\.\d MB", told)
        host.gate.set()
        browser.run(READY)
    assert browser.run("return document.getElementById('download-tag').hidden;")


def test_all_that_can_have_the_focus_has_a_name(opened: Browser) -> None:
    controls = opened.accessible()
    assert len(controls) > 10
    assert [role for role, name in controls if not name] == []
    names = [name for _, name in controls]
    for expected in ("Choose a file", "Download .aec", "One radio packet: 237 bytes", "WebP"):
        assert any(expected in name for name in names), names


def pressed(page: Browser, element: str, *keys: str) -> int:
    """The bytes that are shown after keys were pressed."""
    page.press(element, *keys)
    page.run(READY)
    return shown_bytes(page)


def test_levels_are_chosen_by_keyboard(opened: Browser) -> None:
    before = shown_bytes(opened)
    after = pressed(opened, "#level", "ARROW_RIGHT")
    assert after > before
    value = opened.run("return document.getElementById('level').getAttribute('aria-valuetext');")
    assert value.startswith(f"5: {after:,} bytes")


def test_one_radio_packet_and_a_maximum_error_are_switches(desktop: Browser) -> None:
    whole = shown_bytes(desktop)
    assert 150 < pressed(desktop, "#packet", "SPACE") <= 237
    assert pressed(desktop, "#whole", "SPACE") == whole
    lossless = pressed(desktop, "#bounded", "SPACE")
    assert lossless > 10 * whole
    assert whole < pressed(desktop, "#max-error", "END", "9", "ENTER") < lossless / 2
    assert pressed(desktop, "#max-error", "END", "9", "9", "ENTER") > whole  # of the 9 before
    assert "from 0 to 255" in message(desktop)
    assert pressed(desktop, "#whole", "SPACE") == whole
    assert message(desktop) == ""


def test_other_formats_take_no_fewer_bytes_and_can_be_shown(desktop: Browser) -> None:
    settle(desktop)
    rows = desktop.run(
        "return [...document.querySelectorAll('#formats tbody tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent));"
    )
    figures = {row[0]: row[1:] for row in rows}
    ours, webp = figures["aecodec"], figures["WebP"]
    assert int(ours[0].replace(",", "")) <= int(webp[0].replace(",", "")) < 2 * shown_bytes(desktop)
    assert float(webp[1]) < float(ours[1])
    desktop.run("document.querySelector('[value=WebP]').click();")
    settle(desktop)
    assert text(desktop, ".right-tag") == "WebP"
    cleared = desktop.run(
        "document.querySelector('#packet').click();"
        "return document.querySelector('#formats tbody').textContent.match(/\\u2013/g).length;"
    )
    assert cleared == 6


def test_a_picture_is_opened_and_its_file_is_saved(
    desktop: Browser, site: Path, photo: Codec, tmp_path: Path
) -> None:
    desktop.download_to(tmp_path)
    desktop.run(
        "const find = (selector) => document.querySelector(selector);"
        "new MutationObserver(() => { globalThis.couldSave ??= !find('#download').disabled; })"
        ".observe(find('#name'), { childList: true });"
    )
    desktop.give("#choose", site / "photograph.png")
    desktop.run("await new Promise((resolve) => setTimeout(resolve, 300));" + READY)
    assert text(desktop, "#name") == "photograph.png"
    assert desktop.run("return globalThis.couldSave;") is False  # the file of the picture before
    for button, name in (("#download", "photograph.aec"), ("#save", "photograph.png")):
        desktop.run(f"document.querySelector('{button}').click();")
        saved = awaited(tmp_path / name)
        if name.endswith(".aec"):
            assert len(saved) == shown_bytes(desktop)
            decoded = photo.decompress(saved)
        else:
            with Image.open(io.BytesIO(saved)) as image:
                assert (np.asarray(image.convert("RGB")) == np.asarray(decoded)).all()


def awaited(file: Path) -> bytes:
    for _ in range(200):
        if file.exists() and file.stat().st_size:
            break
        time.sleep(0.05)
    return file.read_bytes()


def test_a_file_is_dropped_and_seen(opened: Browser) -> None:
    drop(opened, "/golden/photo.aec")
    assert text(opened, "#name") == "photo.aec"
    assert shown_bytes(opened) == (GOLDEN / "photo.aec").stat().st_size
    assert "codec photo, level 4" in text(opened, "#rate")
    assert message(opened) == ""
    drop(opened, "/golden/bands.aec")
    assert text(opened, "#rate") == "bytes: 60 bits per pixel, codec a11d77c8"  # not on the page
    drop(opened, "/photograph.png")
    assert text(opened, "#name") == "photograph.png"
    drop(opened, "/deep.png")
    settle(opened)
    assert text(opened, "#about").endswith(" pixels, converted from 16 to 8 bits")
    assert f"1/{round(107 * 72 / shown_bytes(opened))} of the raw" in text(opened, "#rate")


def test_a_damaged_file_is_refused_and_the_page_goes_on(desktop: Browser) -> None:
    whole = shown_bytes(desktop)
    desktop.press("#packet", "SPACE")
    drop(desktop, "/golden/refused/checksum.aec")
    assert message(desktop).startswith("checksum.aec: damaged")
    assert shown_bytes(desktop) <= 237  # of the comparison that was running
    assert pressed(desktop, "#level", "HOME") < whole
    assert message(desktop) == ""
