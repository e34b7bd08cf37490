"""The report: what it measures, the page that it makes, and that page in Chromium."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.codecs.band_codecs import band_codec
from PIL import Image

import aecodec
from aecodec import metrics
from aecodec.arrays import Pixels
from aecodec.datasets.evaluation_set import open_dataset
from aecodec.errors import ImageError
from aecodec.evaluation.formats import AVIF, COMPARED_FORMATS, JPEG_XL, TUNED_FORMATS, WEBP
from aecodec.image_files.options import ReadOptions
from aecodec.web.report import Report, ReportOptions, embedded, make_report
from benchmarks.web.browser import Browser

TUNED = ["AVIF, tuned for PSNR", "AVIF, tuned for SSIMULACRA2"]
FORMATS = ["aecodec", "WebP", "JPEG XL", "AVIF", *TUNED]
ODD_NAME = "<script>alert(1)<script>.png"


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory, photograph: Pixels) -> Path:
    """A folder of three pictures: a large one, a grey one with an odd name, and a small one."""
    folder = tmp_path_factory.mktemp("pictures")
    grey = np.asarray(Image.fromarray(photograph[200:300, 50:180]).convert("L"))
    Image.fromarray(photograph[:160, :180]).save(folder / "large.png")
    Image.fromarray(grey).save(folder / ODD_NAME)
    Image.fromarray(photograph[:80, :96]).save(folder / "even & 'blue'.png")
    return folder


@pytest.fixture(scope="session")
def report(pictures: Path, photo: aecodec.Codec) -> Report:
    """The report of these pictures."""
    dataset = open_dataset(pictures)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aecodec.web.report._ALWAYS_EXACT", 128 * 128)  # instead of 4 times as many
        return make_report(photo, lambda title: dataset, ReportOptions(level=3))


@pytest.fixture(scope="session")
def report_page(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of this report."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(report.page("pictures"))
    return path


def content_of(shown: dict[str, Any]) -> bytes:
    return base64.b64decode(shown["src"].partition(",")[2])


def pixels_of(shown: dict[str, Any]) -> Pixels:
    with Image.open(io.BytesIO(content_of(shown))) as image:
        return np.asarray(image)


def named(report: Report, name: str) -> dict[str, Any]:
    return next(picture for picture in report.pictures if picture["name"] == name)


def test_all_figures_are_those_of_the_files(
    report: Report, pictures: Path, photo: aecodec.Codec
) -> None:
    assert report.values["ranked_by"] == "ssimulacra2"
    scores = [picture["files"][0]["ssimulacra2"] for picture in report.pictures]
    assert scores == sorted(scores)
    assert report.measured == len(report.pictures) == 3
    pixels = np.asarray(Image.open(pictures / "large.png"))
    shown = named(report, "large.png")
    assert [file["format"] for file in shown["files"]] == FORMATS
    assert shown["source_bytes"] == (pictures / "large.png").stat().st_size
    ours = photo.compress(pixels, level=3)
    decoded = np.asarray(photo.decompress(ours))
    file = shown["files"][0]
    assert file["bytes"] == len(ours)
    assert file["psnr"] == metrics.psnr(metrics.mse(pixels, decoded))
    assert file["ms_ssim"] == metrics.ms_ssim(pixels, decoded)
    assert file["ssimulacra2"] == metrics.ssimulacra2(pixels, decoded)
    assert all(len(ours) <= file["bytes"] < 1.3 * len(ours) for file in shown["files"][1:])


def test_pictures_are_shown_exactly_or_nearly(report: Report, pictures: Path) -> None:
    """Small ones exactly; of large ones, WebP and AVIF as the very files."""
    small = named(report, "even & 'blue'.png")
    original = np.asarray(Image.open(pictures / "even & 'blue'.png"))
    assert np.array_equal(pixels_of(small["original"]), original)
    assert small["original"]["psnr"] is small["files"][0]["shown"]["psnr"] is None
    pixels = np.asarray(Image.open(pictures / "large.png"))
    large = named(report, "large.png")
    files = {file["format"]: file for file in large["files"]}
    for format_ in (WEBP, AVIF, *TUNED_FORMATS):
        shown = files[format_.title]["shown"]
        assert shown["src"].startswith(f"data:{format_.media_type};base64,")
        assert content_of(shown) == format_.no_smaller(pixels, files["aecodec"]["bytes"])
        assert shown["psnr"] is None
    for shown in (large["original"], files["aecodec"]["shown"], files["JPEG XL"]["shown"]):
        assert shown["src"].startswith("data:image/avif")
        assert shown["psnr"] > 40
    psnr = metrics.psnr(metrics.mse(pixels, pixels_of(large["original"])))
    assert large["original"]["psnr"] == psnr
    assert np.array_equal(pixels_of(embedded(pixels, lossless=True)), pixels)


def test_curves_have_a_point_for_each_level_and_for_qualities_of_each_format(
    report: Report,
) -> None:
    settings: dict[str, list[str]] = {title: [] for title in FORMATS}
    for point in report.values["curves"]:
        settings[point["format"]].append(point["setting"])
        assert {"bpp", "psnr", "ms_ssim"} <= set(point)
        assert "ssimulacra2" not in point
    assert settings["aecodec"] == [f"level {level}" for level in range(1, 9)]
    assert settings["AVIF"] == ["quality 10", "quality 30", "quality 50", "quality 70"]


def test_the_worst_of_many_pictures_are_shown_and_the_middle_of_wide_ones(
    codec: aecodec.Codec, photo: aecodec.Codec, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (1, 28, 28), np.uint8)
    np.save(tmp_path / "digits.npy", np.concatenate([np.zeros((5, 28, 28), np.uint8), noise]))
    dataset = open_dataset(tmp_path / "digits.npy")
    made = make_report(codec, lambda title: dataset, ReportOptions(shown=2))
    assert (made.measured, made.values["ranked_by"]) == (6, "ms_ssim")
    assert [picture["name"] for picture in made.pictures] == ["5", "0"]
    wide = rng.integers(0, 256, (8, 1500), np.uint8)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    dataset = open_dataset(tmp_path / "wide.png")
    [picture] = make_report(photo, lambda title: dataset, ReportOptions(level=1)).pictures
    assert (picture["size"], picture["part"]) == ((1500, 8), (150, 0, 1200, 8))
    assert np.array_equal(pixels_of(picture["original"]), wide[:, 150:1350])


def test_the_highest_quality_of_a_format_is_written() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    for format_ in (*COMPARED_FORMATS, *TUNED_FORMATS):
        best = format_.at_quality(format_.best).encode(pixels)
        assert format_.no_smaller(pixels, 1_000_000) == best


def test_formats_that_are_not_installed_are_named_and_left_out(
    pictures: Path, photo: aecodec.Codec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(Image.SAVE, "JXL")
    monkeypatch.setitem(sys.modules, "ssimulacra2", None)
    assert [format_ for format_ in COMPARED_FORMATS if not format_.is_installed] == [JPEG_XL]
    dataset = open_dataset(pictures / "even & 'blue'.png")
    made = make_report(photo, lambda title: dataset, ReportOptions())
    assert made.missing == [
        "JPEG XL is left out: to add it, run pip install 'aecodec[report]'",
        "SSIMULACRA2 is left out: to add it, run pip install 'aecodec[report]'",
    ]
    others = ["WebP", "AVIF", *TUNED]
    assert [file["format"] for file in made.pictures[0]["files"]] == ["aecodec", *others]
    with pytest.raises(ImageError, match="none of the pictures"):
        make_report(photo, lambda title: [], ReportOptions())


def test_the_page_names_nothing_outside_itself(report: Report, report_page: Path) -> None:
    """Its policy allows its own style and script; names of pictures stay names."""
    text = report_page.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    for element, kind in (("style", "style-src"), ("script", "script-src")):
        inside = re.search(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
        assert inside
        digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert rules.pop(kind) == f"'sha256-{digest}'"
    fixed = {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'"}
    assert rules == {**fixed, "img-src": "data:"}
    assert set(re.findall(r"\w+://[^\"'\s]*", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:)""", text)
    assert text.count("<script") == 2
    data = re.search(r'type="application/json">(.*?)</script>', text, re.DOTALL)
    assert data
    assert ODD_NAME in {picture["name"] for picture in json.loads(data[1])["pictures"]}
    assert b'"title": "\\udcff"' in report.page("\udcff")


@pytest.fixture(params=(1280, 390))
def opened(browser: Browser, report_page: Path, request: pytest.FixtureRequest) -> Browser:
    """The report, in a window of a desktop or of a phone."""
    browser.open(report_page, width=request.param)
    return browser


def test_every_picture_loads_and_nothing_is_fetched(
    opened: Browser, report: Report, report_page: Path
) -> None:
    for title in ("Original", *FORMATS):
        opened.choose("#all-right", title)
        broken, count = opened.run(
            "await Promise.allSettled([...document.images].map((image) => image.decode()));"
            "const images = [...document.images];"
            "return [images.filter((image) => !image.naturalWidth).length, images.length];"
        )
        assert (broken, count) == (0, 4 * len(report.pictures))
    for zoom in ("fit", "1", "4"):
        opened.choose("#zoom", zoom)
        widths = opened.run("return [document.documentElement.scrollWidth, innerWidth];")
        assert widths[0] <= widths[1]
    urls = {url for url in opened.requests() if not url.startswith("data:")}
    assert urls == {report_page.as_uri()}
    assert opened.messages() == []


def test_sides_can_be_chosen_and_their_difference_is_shown(opened: Browser, report: Report) -> None:
    opened.choose(".card .choose-right", "Original")
    assert opened.brightest(".card .difference") == 0
    for number, title in enumerate(FORMATS):
        opened.choose(".card .choose-right", title)
        source = opened.run("return document.querySelector('.card .stage .right').src;")
        assert source == report.pictures[0]["files"][number]["shown"]["src"]
    opened.choose(".card .choose-right", "aecodec")
    assert opened.brightest(".card .difference") > 40


def test_tables_and_curves_have_the_figures_and_pictures_can_be_sorted(
    opened: Browser, report: Report
) -> None:
    rows = opened.run(
        "return [...document.querySelectorAll('.card .files tr:has(td)')]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent));"
    )
    assert rows == [
        [
            file["format"],
            f"{file['bytes']:,}",
            f"{file['bpp']:.3f}",
            f"{file['ssimulacra2']:.1f}",
            f"{file['ms_ssim']:.4f}",
            f"{file['psnr']:.2f}",
        ]
        for picture in report.pictures
        for file in picture["files"]
    ]
    lines = opened.run(
        "return [...document.querySelectorAll('#curves svg')]"
        ".map((chart) => [...chart.querySelectorAll('polyline')]"
        ".map((line) => line.getAttribute('points').split(' ').length));"
    )
    assert lines == [[4, 4, 4, 4, 4, 8]] * 2
    for order, sign in (("psnr", 1), ("bpp", -1)):
        opened.choose("#order", order)
        names = opened.run(
            "return [...document.querySelectorAll('.card .name')].map((name) => name.textContent);"
        )
        ranked = sorted(report.pictures, key=lambda shown: sign * shown["files"][0][order])
        assert names == [picture["name"] for picture in ranked]


@pytest.mark.parametrize(("scheme", "opposite"), [("light", "dark"), ("dark", "light")])
def test_the_theme_is_that_of_the_system_until_it_is_switched(
    browser: Browser, report_page: Path, scheme: str, opposite: str
) -> None:
    def is_dark() -> bool:
        colour = browser.run("return getComputedStyle(document.body).backgroundColor;")
        return bool(int(colour.partition("(")[2].partition(",")[0]) < 128)

    browser.open(report_page, width=1280, scheme=scheme)
    assert is_dark() == (scheme == "dark")
    browser.press("#theme", "Enter")
    assert is_dark() == (opposite == "dark")


def test_the_policy_stops_fetches_and_scripts(browser: Browser, report_page: Path) -> None:
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


def test_a_report_of_bands_shows_colours_and_errors(tmp_path: Path, browser: Browser) -> None:
    codec = aecodec.load_codec(band_codec(tmp_path / "codec", [(0, 1000)] * 4, phases=1).path)
    samples = np.add.outer(np.arange(30), np.arange(40) * 20)[..., None] + np.arange(4)
    noisy = samples + np.random.default_rng(0).integers(0, 100, samples.shape)
    np.savez(tmp_path / "a.npz", x=np.stack([samples, noisy]).astype(np.uint16))
    dataset = open_dataset(tmp_path / "a.npz", options=ReadOptions(bands=4))
    report = make_report(codec, lambda title: dataset, ReportOptions(level=1, rgb="4,2,1"))
    page = tmp_path / "report.html"
    page.write_bytes(report.page("scenes"))
    first, second = (picture["files"][0]["psnr"] for picture in report.pictures)
    assert first < second
    shown = named(report, "1")
    restored = codec.decompress_array(codec.compress(noisy.astype(np.uint16), level=1))
    mse = np.square(restored.astype(float) - noisy).mean()
    peak = np.ptp(np.percentile(noisy, (0.1, 99.9)))
    assert shown["files"][0]["psnr"] == pytest.approx(10 * np.log10(peak**2 / mse), 1e-4)
    assert pixels_of(shown["original"]).shape == (30, 40, 3)
    assert {point["format"] for point in report.values["curves"]} == {
        "aecodec",
        "JPEG 2000",
        "JPEG XL",
    }
    browser.open(page, width=1000)
    assert browser.messages() == []
    assert "black is 0" in browser.run("return document.querySelector('figcaption').textContent")
    assert browser.run("return document.querySelectorAll('svg polyline').length") == 3
