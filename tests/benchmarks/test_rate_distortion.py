"""The rate and distortion of formats, by four measures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aecodec import metrics
from aecodec.arrays import Pixels
from aecodec.evaluation.formats import WEBP
from aecodec.evaluation.scores import score
from benchmarks.anchors.pillow_formats import LOSSY
from benchmarks.harness import Options, Row
from benchmarks.quality import rate_distortion

MEASURES = ("bd_rate", "bd_rate_mean_psnr", "bd_rate_ms_ssim", "bd_rate_ssimulacra2")


def rows_of(*arguments: str) -> list[Row]:
    """What the benchmark measures."""
    options = Options("rate_distortion", None)
    rate_distortion.add_arguments(options)
    return list(rate_distortion.measure(options.parse_args(arguments)))


def test_scores_are_means_over_the_pictures(photograph: Pixels) -> None:
    pictures = [photograph[:128, :160], photograph[100:228, 200:360, 0]]
    quality = WEBP.at_quality(30)
    decoded = [quality.round_trip(picture)[1] for picture in pictures]
    expected = [
        metrics.ssimulacra2(pictures[0], decoded[0]),
        metrics.ssimulacra2(pictures[1][..., None], decoded[1][..., None]),
    ]
    measured = score(pictures, quality.round_trip)
    assert measured["ssimulacra2"] == pytest.approx(np.mean(expected), abs=1e-4)


def test_every_format_has_a_bd_rate_by_every_measure(photograph: Pixels, tmp_path: Path) -> None:
    np.save(tmp_path / "crops.npy", photograph[None, 100:228, 200:360])
    rows = rows_of(str(tmp_path / "crops.npy"), "--codec", "photo")
    rates = {row["format"]: row for row in rows if "bd_rate" in row}
    assert set(rates) == {anchor.title for anchor in LOSSY}
    for row in rates.values():
        assert all(-1 < row[name] < 3 for name in MEASURES)
    narrow = rows_of(str(tmp_path / "crops.npy"), "--codec", "photo", "--scores", "99", "100")
    assert narrow[-1]["bd_rate_ssimulacra2"] is None
    assert narrow[-1]["bd_rate"] == rates["AVIF"]["bd_rate"]


def test_digits_have_no_score_by_ssimulacra2(digits: Pixels, tmp_path: Path) -> None:
    np.save(tmp_path / "digits.npy", digits[:2])
    rows = rows_of(str(tmp_path / "digits.npy"), "--codec", "digits")
    assert not any("ssimulacra2" in name for row in rows for name in row)
    assert set(MEASURES[:3]) < set(rows[-1])
