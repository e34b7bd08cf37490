"""SSIMULACRA2 is that of its package, for arrays, grey pictures and small ones too."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ssimulacra2 import compute_ssimulacra2

from aecodec import metrics
from aecodec.arrays import Pixels


@pytest.fixture
def poor(photograph: Pixels, tmp_path: Path) -> Pixels:
    """The photograph as a JPEG of low quality."""
    Image.fromarray(photograph).save(tmp_path / "poor.jpg", quality=10)
    return np.asarray(Image.open(tmp_path / "poor.jpg"))


def test_the_score_is_that_of_the_package(photograph: Pixels, poor: Pixels, tmp_path: Path) -> None:
    files = [tmp_path / "original.png", tmp_path / "poor.png"]
    for pixels, file in zip((photograph, poor), files, strict=True):
        Image.fromarray(pixels).save(file)
    score = metrics.ssimulacra2(photograph, poor)
    assert score == compute_ssimulacra2(*files)
    assert -20 < score < 50
    assert metrics.ssimulacra2(photograph, photograph) == pytest.approx(100)


def test_a_grey_picture_scores_as_the_same_picture_in_rgb(photograph: Pixels, poor: Pixels) -> None:
    grey = [pixels[:240, :320, 1:2] for pixels in (photograph, poor)]
    as_rgb = [np.repeat(pixels, 3, axis=-1) for pixels in grey]
    assert metrics.ssimulacra2(*grey) == metrics.ssimulacra2(*as_rgb) < 80


def test_pictures_below_eight_pixels_have_no_score(photograph: Pixels) -> None:
    assert math.isnan(metrics.ssimulacra2(photograph[:7], photograph[:7]))
    assert metrics.ssimulacra2(photograph[:8, :8], photograph[:8, :8]) == pytest.approx(100)
