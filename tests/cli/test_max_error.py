"""Files with a maximum error at the command line: made, described and trimmed; their samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.arrays import check_errors
from helpers.commands import Command
from helpers.images import opened
from PIL import Image

import aecodec

DIGITS = ("--codec", "digits", "-q", 1)


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A grey picture of 5x6 pixels, scan.png in the working folder."""
    monkeypatch.chdir(tmp_path)
    array = np.random.default_rng(0).integers(0, 256, (5, 6), np.uint8)
    Image.fromarray(array).save("scan.png")
    return array


def test_refinements_are_made_described_and_trimmed(scan: np.ndarray, command: Command) -> None:
    values = command("compress", "scan.png", *DIGITS, "--max-error", "9,2", "--json").json[0]
    assert (values["max_error"], values["level"]) == (2, 1)
    described = command("info", "scan.aec", "--json").json[0]
    assert (described["version"], described["guaranteed_errors"]) == (2, [9, 2])
    assert described["base_bytes"] + sum(described["refinement_bytes"]) < described["bytes"]
    trimmed = command("trim", "scan.aec", "-o", "9.aec", "--max-error", 9)
    assert trimmed.out.endswith(" bytes, maximum error 9\n")
    assert "no maximum error is guaranteed" in command("trim", "scan.aec", "-o", "base.aec").out
    assert 2 < np.abs(aecodec.decompress_array("9.aec") - scan.astype(int)).max() <= 9
    assert command("info", "base.aec", "--json").json[0]["version"] == 1
    assert command("trim", "base.aec", "--max-error", 9).status == 2
    assert "do not store the range" in command("trim", "scan.aec", "--max-error", "0.5%").err
    Path("scans").mkdir()
    Path("scan.aec").rename("scans/scan.aec")
    assert command("trim", "scans").status == 0
    assert Path("scans_trimmed/scan_trimmed.aec").is_file()


def test_lossless_files_equal_their_original(scan: np.ndarray, command: Command) -> None:
    assert ", lossless, " in command("compress", "scan.png", "--codec", "digits", "--lossless").out
    assert command("decompress", "scan.aec", "-o", "x.png").status == 0
    assert np.array_equal(np.asarray(opened("x.png")), scan)
    for option in ("--max-bytes", "--min-psnr"):
        result = command("compress", "scan.png", "--lossless", option, 1)
        assert "max_error cannot be combined" in result.err
    assert command("compress", "scan.png", "--max-error", 4, "--lossless", "--force").status == 0
    assert command("info", "scan.aec", "--json").json[0]["guaranteed_errors"] == [4, 0]
    assert command("compress", "scan.png", "--max-error", "much").status == 2


def test_bands_have_their_own_bounds(scan: np.ndarray, command: Command) -> None:
    errors = ("--max-error", "1=30,2=4,3=8", "--max-error", "1=30,2=1%,3=0", "--max-error", 0)
    rgba = np.stack([scan, scan // 2, scan.T.reshape(5, 6), scan[::-1]], -1)
    Image.fromarray(rgba).save("rgb.png")
    assert command("compress", "rgb.png", "-q", 1, *errors).status == 0
    described = command("info", "rgb.aec", "--json").json[0]["guaranteed_errors"]
    assert described == [[30, 4, 8], [30, 1, 0], 0]
    check_errors(rgba, aecodec.decompress_array("rgb.aec"), 0)
    assert command("trim", "rgb.aec", "--max-error", 30).status == 0
    restored = aecodec.decompress_array("rgb_trimmed.aec")
    for channel, error in enumerate((30, 4, 8, 0)):
        check_errors(rgba[..., channel], restored[..., channel], error)
    assert np.abs(restored - rgba.astype(int)).max() > 8
    for wrong in ("1=4,=4", "1=4,1=4", "1=4,4"):
        assert "repeat the option" in command("compress", "rgb.png", "--max-error", wrong).err
