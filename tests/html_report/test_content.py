"""What a report measures, and what it shows of it, is what the codecs really give."""

from __future__ import annotations

import base64
import io
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aecodec
from aecodec import metrics
from aecodec.arrays import Pixels
from aecodec.datasets.evaluation_set import open_dataset
from aecodec.errors import ImageError
from aecodec.evaluation.equal_bytes import files_at
from aecodec.evaluation.formats import AVIF, JPEG_XL, OTHERS, WEBP
from aecodec.html_report.embedding import Embedded, embed_pixels
from aecodec.html_report.measuring import Content, Measuring, Wanted
from aecodec.html_report.originals import Original
from aecodec.html_report.shown import Showing, ShownPicture

TITLES = ["aecodec", "WebP", "JPEG XL", "AVIF"]


def content_of(embedded: Embedded) -> bytes:
    return base64.b64decode(embedded.uri.partition(",")[2])


def pixels_of(embedded: Embedded) -> Pixels:
    with Image.open(io.BytesIO(content_of(embedded))) as image:
        return np.asarray(image)


def named(content: Content, name: str) -> ShownPicture:
    return next(picture for picture in content.pictures if picture.name == name)


def test_the_worst_pictures_come_first(content: Content) -> None:
    assert content.ranked_by == "ssimulacra2"
    scores = [picture.files[0].score.ssimulacra2 for picture in content.pictures]
    assert scores == sorted(scores)
    assert content.measured == len(content.pictures) == 3


def test_all_figures_are_those_of_the_files(
    content: Content, pictures: Path, photo: aecodec.Codec
) -> None:
    pixels = np.asarray(Image.open(pictures / "large.png"))
    shown = named(content, "large.png")
    assert [file.title for file in shown.files] == TITLES
    assert shown.source_size == (pictures / "large.png").stat().st_size
    ours = photo.compress(pixels, level=3)
    decoded = np.asarray(photo.decompress(ours))
    assert shown.files[0].score.bytes == len(ours)
    assert shown.files[0].score.psnr == metrics.psnr(metrics.mse(pixels, decoded))
    assert shown.files[0].score.ms_ssim == metrics.ms_ssim(pixels, decoded)
    assert shown.files[0].score.ssimulacra2 == metrics.ssimulacra2(pixels, decoded)
    assert all(len(ours) <= file.score.bytes < 1.3 * len(ours) for file in shown.files[1:])


def test_webp_and_avif_are_shown_as_the_very_files(
    content: Content, pictures: Path, photo: aecodec.Codec
) -> None:
    pixels = np.asarray(Image.open(pictures / "large.png"))
    files = {file.title: file for file in named(content, "large.png").files}
    for kind in (WEBP, AVIF):
        shown = files[kind.title].embedded
        assert shown.uri.startswith(f"data:{kind.media_type};base64,")
        assert content_of(shown) == kind.no_smaller(pixels, files["aecodec"].score.bytes)
        assert shown.psnr == math.inf


def test_small_pictures_are_shown_exactly(content: Content, pictures: Path) -> None:
    shown = named(content, "even & 'blue'.png")
    original = np.asarray(Image.open(pictures / shown.name))
    assert np.array_equal(pixels_of(shown.original), original)
    assert shown.original.psnr == shown.files[0].embedded.psnr == math.inf


def test_large_pictures_are_shown_nearly_exactly_unless_told_otherwise(
    content: Content, pictures: Path, photo: aecodec.Codec
) -> None:
    pixels = np.asarray(Image.open(pictures / "large.png"))
    shown = named(content, "large.png")
    for embedded in (shown.original, shown.files[0].embedded, shown.files[2].embedded):
        assert embedded.uri.startswith("data:image/avif")
        assert 40 < embedded.psnr < math.inf
    psnr = metrics.psnr(metrics.mse(pixels, pixels_of(shown.original)))
    assert shown.original.psnr == psnr
    exact = embed_pixels(pixels, lossless=True)
    assert np.array_equal(pixels_of(exact), pixels)


def test_the_middle_is_shown_of_a_very_large_picture(photo: aecodec.Codec) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 1500), np.uint8)
    shown = Showing(photo, 1, [WEBP], ssimulacra2=False, lossless=False).show(
        Original("wide", 1, pixels)
    )
    assert shown.size == (1500, 20)
    assert shown.part == (150, 0, 1200, 20)
    assert np.array_equal(pixels_of(shown.original), pixels[:, 150:1350])
    _, webp = files_at(photo, pixels, 1, [WEBP])
    assert np.array_equal(pixels_of(shown.files[1].embedded), webp.decoded[:, 150:1350])


def test_curves_have_a_point_for_each_level_and_for_qualities_of_each_format(
    content: Content, photo: aecodec.Codec
) -> None:
    settings: dict[str, list[str]] = {title: [] for title in TITLES}
    for point in content.curves:
        settings[point.format].append(point.setting)
        assert {"bpp", "psnr", "ms_ssim"} <= set(point.scores)
        assert "ssimulacra2" not in point.scores
    assert settings["aecodec"] == [f"level {each}" for each in range(1, 9)]
    assert settings["AVIF"] == ["quality 10", "quality 30", "quality 50", "quality 70"]
    at_level = next(point for point in content.curves if point.setting == "level 3")
    sizes = [picture.files[0].score.bytes for picture in content.pictures]
    assert at_level.scores["bytes"] == round(sum(sizes) / 3, 2)


def test_only_the_worst_pictures_are_shown_of_many(codec: aecodec.Codec, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1, 28, 28), np.uint8)
    np.save(tmp_path / "digits.npy", np.concatenate([np.zeros((5, 28, 28), np.uint8), noise]))
    dataset = open_dataset(tmp_path / "digits.npy")
    content = Measuring(codec, lambda title: dataset, Wanted(shown=2)).content()
    assert content.measured == 6
    assert content.ranked_by == "ms_ssim"
    assert [picture.name for picture in content.pictures] == ["5", "0"]


def test_what_is_not_installed_is_named_and_left_out(
    pictures: Path, photo: aecodec.Codec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(Image.SAVE, "JXL")
    monkeypatch.setitem(sys.modules, "ssimulacra2", None)
    assert [each for each in OTHERS if not each.is_installed] == [JPEG_XL]
    dataset = open_dataset(pictures / "even & 'blue'.png")
    content = Measuring(photo, lambda title: dataset, Wanted()).content()
    assert content.missing == [
        "JPEG XL is left out: pip install 'aecodec[report]' adds it",
        "SSIMULACRA2 is left out: pip install 'aecodec[report]' adds it",
    ]
    assert [file.title for file in content.pictures[0].files] == ["aecodec", "WebP", "AVIF"]
    assert content.ranked_by == "ms_ssim"


def test_no_pictures_are_an_error(photo: aecodec.Codec) -> None:
    with pytest.raises(ImageError, match="no picture"):
        Measuring(photo, lambda title: [], Wanted()).content()
