"""Crops of pictures beside other formats in files of about the same size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from aecodec.arrays import Pixels
from benchmarks.harness import Options
from benchmarks.quality import equal_bytes


def test_each_level_has_a_figure_of_crops(photograph: Pixels, tmp_path: Path) -> None:
    Image.fromarray(photograph[100:300, 200:440]).save(tmp_path / "temple.png")
    options = Options("equal_bytes", None)
    equal_bytes.add_arguments(options)
    crop = ("--crop", "temple.png", "30", "40", "120", "90")
    arguments = (str(tmp_path), "--levels", "2", "4.5", *crop, "--plot", str(tmp_path))
    rows = list(equal_bytes.measure(options.parse_args(arguments)))
    assert len(rows) == 2
    for row in rows:
        assert list(row) == ["level", "picture", "aecodec", "WebP", "JPEG XL", "AVIF"]
        assert all(row[name]["bytes"] >= row["aecodec"]["bytes"] for name in list(row)[3:])
    figures = [tmp_path / f"equal_bytes_{level}.png" for level in ("2", "4.5")]
    drawn = [np.asarray(Image.open(figure).convert("RGB")) for figure in figures]
    doubled = photograph[140:230, 230:350].repeat(2, axis=0).repeat(2, axis=1)
    for figure in drawn:  # the original comes first, and its pixels are squares of four
        assert np.array_equal(figure[28 : 28 + 180, 12 : 12 + 240], doubled)
    assert not np.array_equal(drawn[0], drawn[1])
