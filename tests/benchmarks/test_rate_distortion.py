"""Rate-distortion curves that are measured in parts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.evaluation.formats import AVIF
from benchmarks.__main__ import main
from benchmarks.formats import TUNED_FORMATS
from benchmarks.harness import Row


def _measure(data: Path, results: Path, *arguments: str) -> list[Row]:
    options = ("--codec", "photo", "--step", "4", "--json", str(results))
    assert main(["rate_distortion", str(data), *options, *arguments]) == 0
    rows: list[Row] = json.loads(results.read_text("utf-8"))["rows"]
    return rows


@pytest.fixture
def pictures(tmp_path: Path, photograph: Pixels) -> Path:
    """A folder with one picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(photograph[:96, :120]).save(folder / "0.png")
    return folder


def test_rows_of_other_formats_are_copied_from_earlier_results(
    tmp_path: Path, pictures: Path
) -> None:
    earlier, later = tmp_path / "earlier.json", tmp_path / "later.json"
    first = _measure(pictures, earlier, "--only", "WebP", "aecodec")
    second = _measure(pictures, later, "--only", "JPEG", "--earlier", str(earlier))
    settings = [(row["format"], row.get("setting")) for row in second]
    curves = [("aecodec", 1), ("aecodec", 5), ("JPEG", 5), ("JPEG", 45), ("WebP", 0), ("WebP", 50)]
    assert settings == [*curves, ("JPEG", None), ("WebP", None)]
    assert [row for row in second if row["format"] != "JPEG"] == first
    assert str(earlier) in json.loads(later.read_text("utf-8"))["data"]


def test_earlier_results_of_other_pictures_are_rejected(tmp_path: Path, pictures: Path) -> None:
    earlier = tmp_path / "earlier.json"
    _measure(pictures, earlier, "--only", "WebP", "aecodec")
    (pictures / "0.png").unlink()
    with pytest.raises(SystemExit, match="was not measured with the pictures of"):
        _measure(pictures, tmp_path / "later.json", "--only", "JPEG", "--earlier", str(earlier))


def test_each_tuning_of_avif_makes_another_file(photograph: Pixels) -> None:
    untuned = replace(AVIF, settings={**AVIF.settings, "subsampling": "4:4:4"})
    files = {
        format_.at_quality(50).encode(photograph[:96, :120])
        for format_ in (untuned, *TUNED_FORMATS)
    }
    assert len(files) == 3
