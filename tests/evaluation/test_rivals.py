"""Levels of a codec are compared with the smallest files of the same quality."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.cli.commands.train import table_of
from aecodec.datasets.evaluation_set import Sample
from aecodec.evaluation import rivals
from aecodec.evaluation.evaluate import format_coder, mean_values, measure_samples
from aecodec.evaluation.formats import WEBP
from aecodec.evaluation.rivals import FormatComparison, Standing
from aecodec.imaging.picture import Picture


@pytest.fixture(scope="module")
def pictures(photograph: Pixels) -> list[Picture]:
    return [Picture(photograph[None, top : top + 64, :96]) for top in (0, 100)]


@pytest.fixture(scope="module")
def comparison(photo: Codec, pictures: list[Picture]) -> FormatComparison:
    return FormatComparison(photo, pictures)


def test_a_rival_reaches_the_quality_and_the_next_smaller_file_does_not(
    comparison: FormatComparison, pictures: list[Picture]
) -> None:
    samples = [Sample(picture, picture.raw_size, "") for picture in pictures]
    qualities = [
        mean_values(list(measure_samples(format_coder(WEBP, quality), samples)))
        for quality in range(0, 101, 20)
    ]
    standings = list(comparison.standings("psnr"))
    assert [values["level"] for values, _ in standings] == list(range(1, 9))
    for values, smallest in standings:
        webp = smallest["WebP"]
        assert webp is not None
        assert webp["psnr"] >= values["psnr"]
        for other in qualities:
            assert (other["psnr"] < values["psnr"]) == (other["level"] < webp["level"])


def test_a_quality_that_a_format_does_not_reach_has_no_rival(
    photo: Codec, pictures: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rivals, "COMPARED_FORMATS", (replace(WEBP, best=1),))
    first, *_, last = FormatComparison(photo, pictures).standings("psnr")
    assert first.rivals["WebP"] is not None
    assert last.rivals["WebP"] is None


def test_a_table_has_no_numbers_for_infinite_qualities_and_absent_rivals() -> None:
    exact = Standing({"level": 1, "psnr": None, "bpp": 0.25}, {"WebP": None, "AVIF": {"bpp": 0.5}})
    _, columns, row = table_of("PSNR, dB", "psnr", [exact])
    assert columns.split() == ["level", "PSNR,", "dB", "bpp", "WebP", "AVIF"]
    assert row.split() == ["1", "-", "0.250", "-", "0.500"]


def test_curves_have_all_measured_points_by_rate(comparison: FormatComparison) -> None:
    curves = comparison.curves("psnr")
    assert len(curves["photo"]) == 8
    assert all(points == sorted(points) for points in curves.values())
    assert {"photo", "WebP", "AVIF"} <= set(curves)
