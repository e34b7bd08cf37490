"""The report: what it measures, and the page with results inside in Chromium."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
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

OPENED = """
while (document.getElementById('name').textContent !== NAME
  || document.getElementById('look').ariaBusy !== 'false')
  await new Promise((resolve) => setTimeout(resolve, 20));
"""
PIXELS = """
const canvas = document.querySelector('#stage .right');
const copy = new OffscreenCanvas(canvas.width, canvas.height);
const context = copy.getContext('2d', { willReadFrequently: true });
context.drawImage(canvas, 0, 0);
return [...context.getImageData(0, 0, canvas.width, canvas.height).data];
"""


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
    scores = [picture["files"][0]["ms_ssim"] for picture in report.pictures]
    assert scores == sorted(scores)
    assert report.measured == len(report.pictures) == 3
    pixels = np.asarray(Image.open(pictures / "large.png"))
    shown = named(report, "large.png")
    assert [file["format"] for file in shown["files"]] == FORMATS
    size = (pictures / "large.png").stat().st_size
    assert shown["about"] == f"180x160 pixels, {size:,} bytes"
    ours = photo.compress(pixels, level=3)
    decoded = np.asarray(photo.decompress(ours))
    file = shown["files"][0]
    assert file["bytes"] == len(ours)
    assert file["psnr"] == metrics.psnr(metrics.mse(pixels, decoded))
    assert file["ms_ssim"] == metrics.ms_ssim(pixels, decoded)
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


def test_the_worst_of_many_pictures_are_shown_and_the_middle_of_wide_ones(
    codec: aecodec.Codec, photo: aecodec.Codec, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (1, 28, 28), np.uint8)
    np.save(tmp_path / "digits.npy", np.concatenate([np.zeros((5, 28, 28), np.uint8), noise]))
    dataset = open_dataset(tmp_path / "digits.npy")
    made = make_report(codec, lambda title: dataset, ReportOptions(shown=2))
    assert made.measured == 6
    assert [picture["name"] for picture in made.pictures] == ["5", "0"]
    wide = rng.integers(0, 256, (8, 1500), np.uint8)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    dataset = open_dataset(tmp_path / "wide.png")
    [picture] = make_report(photo, lambda title: dataset, ReportOptions(level=1)).pictures
    assert picture["size"] == (1500, 8)
    assert "shown: 1200x8 in the middle" in picture["about"]
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
    assert [format_ for format_ in COMPARED_FORMATS if not format_.is_installed] == [JPEG_XL]
    dataset = open_dataset(pictures / "even & 'blue'.png")
    made = make_report(photo, lambda title: dataset, ReportOptions())
    absent = "JPEG XL is left out: to add it, run pip install 'aecodec[report]'"
    assert made.missing == [absent]
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
        inside = re.search(rf"<{element}(?: type=.module.)?>(.*?)</{element}>", text, re.DOTALL)
        assert inside
        digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert rules.pop(kind) == f"'sha256-{digest}'"
    fixed = {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'"}
    assert rules == {**fixed, "img-src": "data:"}
    assert "://" not in text
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:)""", text)
    assert not re.search(r"(?m)^(import|export)\b", text)
    assert text.count("<script") == 2
    data = re.search(r'type="application/json">(.*?)</script>', text, re.DOTALL)
    assert data
    assert ODD_NAME in {picture["name"] for picture in json.loads(data[1])["pictures"]}
    assert ODD_NAME not in text
    assert b"<title>aecodec report: ?</title>" in report.page("\udcff")


@pytest.fixture(params=(1280, 390))
def opened(browser: Browser, report_page: Path, request: pytest.FixtureRequest) -> Browser:
    """The report, in a window of a desktop or of a phone."""
    browser.open(report_page, width=request.param)
    return browser


def test_every_picture_shows_the_files_of_all_formats_with_their_figures(
    opened: Browser, report: Report, report_page: Path
) -> None:
    for number, picture in enumerate(report.pictures):
        opened.run(f"document.querySelectorAll('#samples button')[{number}].click();")
        opened.run(OPENED.replace("NAME", json.dumps(picture["name"])))
        rows = opened.run(
            "return [...document.querySelectorAll('#formats tbody tr')]"
            ".map((row) => [...row.cells].map((cell) => cell.textContent));"
        )
        assert rows == [
            [
                file["format"],
                f"{file['bytes']:,}",
                f"{file['psnr']:.1f}",
                f"{file['ms_ssim']:.3f}",
            ]
            for file in picture["files"]
        ]
        for title in FORMATS:
            opened.run(f"document.querySelector('[value=\"{title}\"]').click();")
            shown = np.array(opened.run(PIXELS), np.uint8)
            expected = pixels_of(next(f for f in picture["files"] if f["format"] == title)["shown"])
            expected = expected if expected.ndim == 3 else expected[..., None]
            differences = shown.reshape(*expected.shape[:2], 4)[..., :3] - expected.astype(int)
            assert np.abs(differences).mean() < 2
    widths = opened.run("return [document.documentElement.scrollWidth, innerWidth];")
    assert widths[0] <= widths[1]
    urls = {url for url in opened.requests() if not url.startswith("data:")}
    assert urls == {report_page.as_uri()}
    assert opened.messages() == []


def test_the_theme_is_that_of_the_system(browser: Browser, report_page: Path) -> None:
    colours = []
    for scheme in ("light", "dark"):
        browser.open(report_page, width=1280, scheme=scheme)
        colours.append(browser.run("return getComputedStyle(document.body).backgroundColor;"))
    assert colours == ["rgb(251, 251, 249)", "rgb(22, 24, 27)"]


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
    browser.open(page, width=1000)
    assert browser.messages() == []
    browser.run(OPENED.replace("NAME", json.dumps(report.pictures[0]["name"])))
    assert "black is 0" in browser.run("return document.getElementById('about').textContent;")
    browser.run("document.querySelector('[value=Errors]').click();")
    errors = np.array(browser.run(PIXELS), np.uint8).reshape(30, 40, 4)
    assert np.array_equal(errors[..., :3], pixels_of(report.pictures[0]["files"][1]["shown"]))
