"""The page in a real browser: Chromium, without a window, driven by Selenium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aecodec.html_report.measuring import Content
from benchmarks.web.browser import Browser, opened_browser

pytestmark = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")),
    reason="needs Chromium: apt-get install chromium chromium-driver",
)

WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    pytest.importorskip("selenium", reason="needs pip install -e '.[test]'")
    with opened_browser() as browser:
        yield browser


@pytest.fixture(params=WIDTHS)
def opened(browser: Browser, report_page: Path, request: pytest.FixtureRequest) -> Browser:
    """The report, in a window of a desktop or of a phone."""
    browser.open(report_page, width=request.param)
    return browser


def test_every_picture_loads(opened: Browser, content: Content) -> None:
    for title in ("Original", "aecodec", "WebP", "JPEG XL", "AVIF"):
        opened.choose("#all-right", title)
        broken, count = opened.run(
            "await Promise.allSettled([...document.images].map((image) => image.decode()));"
            "const images = [...document.images];"
            "return [images.filter((image) => !image.naturalWidth).length, images.length];"
        )
        assert broken == 0
        assert count == 4 * len(content.pictures)
    sizes = opened.run(
        "return [...document.querySelectorAll('.stage .right')]"
        ".map((image) => [image.naturalWidth, image.naturalHeight]);"
    )
    assert sizes == [list(picture.size) for picture in content.pictures]


def test_nothing_is_fetched_and_nothing_is_complained_about(
    opened: Browser, report_page: Path
) -> None:
    fetched = {url for url in opened.requests() if not url.startswith("data:")}
    assert fetched == {report_page.as_uri()}
    assert opened.messages() == []


def test_the_page_is_as_wide_as_the_window(opened: Browser) -> None:
    for zoom in ("fit", "1", "4"):
        opened.choose("#zoom", zoom)
        widths = opened.run("return [document.documentElement.scrollWidth, innerWidth];")
        assert widths[0] <= widths[1]


def test_the_slider_moves_by_keyboard(opened: Browser) -> None:
    def shown() -> Any:
        return opened.run(
            "const card = document.querySelector('.card');"
            "const box = (name) => card.querySelector(name).getBoundingClientRect();"
            "return [Number(card.querySelector('.split').value),"
            " (box('.line').left + 1 - box('.stage').left) / box('.stage').width,"
            " getComputedStyle(card.querySelector('.stage .left')).clipPath];"
        )

    value, line, clip = shown()
    assert value == 50
    opened.press(".card .split", "ArrowRight", "ArrowRight", "ArrowRight")
    moved, moved_line, moved_clip = shown()
    assert moved == 53
    assert moved_line - line == pytest.approx(0.03, abs=0.005)
    assert moved_clip != clip
    opened.press(".card .split", "Home")
    assert shown()[0] == 0
    assert shown()[1] == pytest.approx(0, abs=0.005)


def test_a_mouse_or_a_finger_on_the_picture_moves_the_slider(opened: Browser) -> None:
    for move, end in ((opened.drag, 0.8), (opened.swipe, 0.3)):
        move(".card .stage", start=0.5, end=end)
        value = opened.run("return document.querySelector('.card .split').value;")
        assert float(value) == pytest.approx(100 * end, abs=1)


def test_what_is_under_the_slider_can_be_chosen(opened: Browser, content: Content) -> None:
    worst = content.pictures[0]
    for number, title in enumerate(("aecodec", "WebP", "JPEG XL", "AVIF")):
        opened.choose(".card .choose-right", title)
        source = opened.run("return document.querySelector('.card .stage .right').src;")
        assert source == worst.files[number].embedded.uri
        tag = opened.run("return document.querySelector('.card .right-tag').textContent;")
        assert tag == title
    opened.choose(".card .choose-left", "aecodec")
    source = opened.run("return document.querySelector('.card .stage .left').src;")
    assert source == worst.files[0].embedded.uri


def test_the_difference_is_that_of_the_pixels(opened: Browser) -> None:
    """Of two equal pictures it is black, and of others it is not."""
    opened.choose(".card .choose-right", "Original")
    assert opened.brightest(".card .difference") == 0
    opened.choose(".card .choose-right", "aecodec")
    assert opened.brightest(".card .difference") > 40


def test_pictures_can_be_sorted(opened: Browser, content: Content) -> None:
    def names() -> Any:
        return opened.run(
            "return [...document.querySelectorAll('.card .name')].map((each) => each.textContent);"
        )

    assert names() == [picture.name for picture in content.pictures]
    opened.choose("#order", "psnr")
    by_psnr = sorted(content.pictures, key=lambda picture: picture.files[0].score.psnr)
    assert names() == [picture.name for picture in by_psnr]
    opened.choose("#order", "bpp")
    by_bpp = sorted(
        content.pictures,
        key=lambda picture: -picture.files[0].score.bytes / picture.files[0].score.pixels,
    )
    assert names() == [picture.name for picture in by_bpp]
    opened.choose("#order", "lead")
    assert sorted(names()) == sorted(picture.name for picture in content.pictures)


def test_the_figures_are_in_the_page(opened: Browser, content: Content) -> None:
    rows = opened.run(
        "return [...document.querySelectorAll('.card .files tr:has(td)')]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent));"
    )
    for row, file in zip(rows, (f for p in content.pictures for f in p.files), strict=True):
        score = file.score
        assert row == [
            file.title,
            f"{score.bytes:,}",
            f"{8 * score.bytes / score.pixels:.3f}",
            f"{score.psnr:.2f}",
            f"{score.ms_ssim:.4f}",
            f"{score.ssimulacra2:.1f}",
        ]


def test_there_is_a_curve_of_each_measure_with_a_line_for_each_format(opened: Browser) -> None:
    lines = opened.run(
        "return [...document.querySelectorAll('#curves svg')]"
        ".map((chart) => [...chart.querySelectorAll('polyline')]"
        ".map((line) => line.getAttribute('points').split(' ').length));"
    )
    assert lines == [[4, 4, 4, 8]] * 2


@pytest.mark.parametrize(("scheme", "other"), [("light", "dark"), ("dark", "light")])
def test_the_theme_is_that_of_the_system_until_it_is_switched(
    browser: Browser, report_page: Path, scheme: str, other: str
) -> None:
    def is_dark() -> bool:
        colour = browser.run("return getComputedStyle(document.body).backgroundColor;")
        return bool(int(colour.partition("(")[2].partition(",")[0]) < 128)

    browser.open(report_page, width=1280, scheme=scheme)
    assert is_dark() == (scheme == "dark")
    browser.press("#theme", "Enter")
    assert is_dark() == (other == "dark")
    assert browser.run("return document.getElementById('theme').textContent;").lower() == (
        f"{scheme} theme"
    )


def test_the_policy_stops_what_would_be_fetched_or_run(browser: Browser, report_page: Path) -> None:
    """The other tests would not notice if the policy were not there."""
    browser.open(report_page, width=1280)
    stopped = browser.run(
        "const stopped = [];"
        "document.addEventListener('securitypolicyviolation',"
        " (event) => stopped.push(event.effectiveDirective));"
        "const image = new Image(); image.src = 'https://example.invalid/x.png';"
        "const script = document.createElement('script'); script.textContent = 'window.ran = 1';"
        "document.body.append(image, script);"
        "await fetch('https://example.invalid/').catch(() => null);"
        "await new Promise((resolve) => setTimeout(resolve, 200));"
        "return [stopped.sort(), window.ran === undefined];"
    )
    assert stopped == [["connect-src", "img-src", "script-src-elem"], True]
