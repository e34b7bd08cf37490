"""`aecodec compress` and `decompress`: results, levels, warnings, formats."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from helpers.commands import Command, Result
from helpers.images import opened
from PIL import Image

import aecodec
from aecodec.data.samples import sample_paths


def test_a_digit_is_compressed_and_restored(folder: Path, command: Command) -> None:
    original = (folder / "digit.png").read_bytes()
    assert command("compress", "digit.png", "-o", "digit.aec").status == 0
    assert command("decompress", "digit.aec").status == 0
    assert (folder / "digit.png").read_bytes() == original
    assert opened("digit_decompressed.png").size == (28, 28)


def test_compress_reports_bytes_ratios_and_quality(folder: Path, command: Command) -> None:
    result = command("compress", "digit.png")
    size = (folder / "digit.aec").stat().st_size
    assert f"{size} bytes" in result.out
    for word in ("smaller than the source", "raw pixels", "bpp", "dB"):
        assert word in result.out
    assert result.err == ""


def test_json_and_quiet_output(folder: Path, command: Command) -> None:
    values = json.loads(command("compress", "digit.png", "--json").out)
    assert values["bytes"] == (folder / "digit.aec").stat().st_size
    assert values["raw_bytes"] == 784
    assert values["familiar"] is True
    assert json.loads(command("decompress", "digit.aec", "--json").out)["width"] == 28
    assert command("compress", "digit.png", "--force", "--quiet") == Result(0, "", "")


def test_bytes_and_qualities_find_the_level(folder: Path, command: Command) -> None:
    def size(*options: str) -> int:
        result = command("compress", "digit.png", "--json", "--force", *options)
        assert result.status == 0, result.err
        return int(json.loads(result.out)["bytes"])

    first, second, third = (size("-q", level) for level in "123")
    assert size("--max-bytes", str(third)) == third
    assert size("--max-bytes", str(third - 1)) == second
    assert size("--min-psnr", "5") == first
    assert size("--min-ssimulacra2", "-200") == first
    assert size("--min-ssimulacra2", "75") in (second, third)


def test_a_stack_and_back(folder: Path, command: Command) -> None:
    for label in range(10):
        shutil.copy(sample_paths()[label], f"{label}.png")
    names = [f"{label}.png" for label in range(10)]
    assert command("compress", "--stack", *names, "-o", "all.aec").status == 0
    assert json.loads(command("info", "all.aec", "--json").out)["frames"] == 10
    assert command("decompress", "all.aec").status == 0
    restored = sorted(Path("all_decompressed").iterdir())
    assert len(restored) == 10
    single = aecodec.decompress(aecodec.compress("7.png"))
    assert np.array_equal(np.asarray(opened(restored[7])), np.asarray(single))
    assert command("decompress", "all.aec", "-o", "-").status == 2


def test_an_unfamiliar_picture_is_compressed_with_a_warning(
    folder: Path, command: Command, photograph: np.ndarray
) -> None:
    Image.fromarray(photograph[:90, :100]).save("photograph.png")
    result = command("compress", "photograph.png", "--codec", "digits")
    assert result.status == 0
    assert result.err.startswith("warning: photograph.png: ")
    assert len(result.err.splitlines()) == 1
    assert "unlike those that codec digits was trained on" in result.err
    assert command("decompress", "photograph.aec").status == 0
    assert opened("photograph_decompressed.png").size == (100, 90)
