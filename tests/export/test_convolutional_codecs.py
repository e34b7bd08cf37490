"""Codecs of fully convolutional networks take pictures of any size, and export for one size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command

from aecodec import Codec
from aecodec.arrays import Pixels


def export_on_photographs(
    command: Command, codec: Codec, photograph: Pixels, *options: str
) -> list[dict[str, object]]:
    """Export a codec for pictures of 64x32 pixels to the folder `out`, and return the report."""
    np.save("photographs.npy", photograph[None, :128, :320, 1])
    data = ("--calibrate", "photographs.npy", "--report", "report.json")
    made = ("export", codec.folder.path, "-o", "out", "--size", "64x32", *data, *options)
    assert command(*made).status == 0
    rows: list[dict[str, object]] = json.loads(Path("report.json").read_text("utf-8"))
    return rows


@pytest.mark.parametrize(
    "options", [("--quantize", "int8"), ("--quantize", "float16"), ("--format", "hdf5")]
)
def test_networks_of_any_size_are_exported(
    convolutional_codec: Codec, photograph: Pixels, command: Command, options: tuple[str, ...]
) -> None:
    report = export_on_photographs(command, convolutional_codec, photograph, *options)
    assert [row["half"] for row in report] == ["encoder", "decoder"]
    assert all(row["psnr_lost"] < 0.5 for row in report)


@pytest.mark.parametrize("size", ["0x4", "4", "64x33", "4x4x4"])
def test_a_size_without_two_sides_is_refused(
    convolutional_codec: Codec, command: Command, size: str
) -> None:
    done = command("export", convolutional_codec.folder.path, "-o", "out", "--size", size)
    assert (done.status, "give WIDTHxHEIGHT" in done.err) == (2, True)


def test_a_codec_of_tiles_has_no_other_size(command: Command) -> None:
    done = command("export", "digits", "-o", "out", "--size", "28x28")
    assert (done.status, "has a fixed size" in done.err) == (2, True)
