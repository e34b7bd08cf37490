"""Rate-distortion curves beside other formats."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from aecodec.arrays import Pixels
from benchmarks.__main__ import main
from benchmarks.harness import Row


def test_a_codec_is_compared_with_the_formats_that_are_named(
    tmp_path: Path, photograph: Pixels
) -> None:
    Image.fromarray(photograph[:96, :120]).save(tmp_path / "0.png")
    results = tmp_path / "results.json"
    options = ("--codec", "photo", "--step", "4", "--json", str(results), "--only", "WebP")
    assert main(["rate_distortion", str(tmp_path), *options]) == 0
    rows: list[Row] = json.loads(results.read_text("utf-8"))["rows"]
    settings = [(row["format"], row.get("setting")) for row in rows]
    curves = [("aecodec", 1), ("aecodec", 5), ("WebP", 0), ("WebP", 50)]
    assert settings == [*curves, ("WebP", None)]
    assert rows[-1]["bd_rate"] is not None
