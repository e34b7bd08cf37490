"""Levels of a codec are compared with image formats at the same quality."""

from __future__ import annotations

from aecodec import Codec
from aecodec.base.arrays import Pixels
from aecodec.cli.commands.train import table_of
from aecodec.evaluation.rivals import curves_of, rate_at
from aecodec.imaging.picture import Picture


def test_formats_are_measured_at_the_qualities_of_the_levels(
    photo: Codec, photograph: Pixels
) -> None:
    pictures = [Picture(photograph[None, top : top + 64, :96]) for top in (0, 100)]
    curves = curves_of(photo, pictures)
    assert [row["level"] for row in curves["photo"]] == list(range(1, 9))
    assert {"photo", "WebP", "AVIF"} <= set(curves)
    webp = curves["WebP"]
    for row in webp:
        assert abs((rate_at(webp, "psnr", row["psnr"]) or 0) - row["bpp"]) < 1e-9
    heading, columns, *rows = table_of("PSNR, dB", "psnr", curves)
    assert heading == "bits per pixel of held-out pictures at the same quality"
    assert columns.split()[:5] == ["level", "PSNR,", "dB", "bpp", "WebP"]
    assert len(rows) == 8


def test_a_table_has_no_numbers_for_infinite_qualities_and_absent_rates() -> None:
    exact = {"level": 1, "psnr": None, "bpp": 0.25}
    better = exact | {"psnr": 50.0}
    curves = {"own": [exact, better], "WebP": [exact | {"psnr": 40.0}], "AVIF": [better]}
    _, _, *rows = table_of("PSNR, dB", "psnr", curves)
    assert [row.split() for row in rows] == [
        ["1", "-", "0.250", "-", "-"],
        ["1", "50.00", "0.250", "-", "0.250"],
    ]
