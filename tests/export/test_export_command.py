"""`aecodec export`, of codecs that ship."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from helpers.commands import Command

from aecodec.data.codecs import BUILT_IN


def test_the_report_states_how_far_each_half_is_from_the_float_models(command: Command) -> None:
    done = command("export", "digits", "-o", "out", "--report", "report.json")
    assert done.status == 0
    assert "encoder.tflite" in done.out
    assert "WARNING" not in done.err
    encoder, decoder = json.loads(Path("report.json").read_text())
    for row, half in ((encoder, "encoder"), (decoder, "decoder")):
        assert row["bytes"] == Path("out", row["file"]).stat().st_size
        assert row["half"] == half
        assert row["psnr_lost"] < 0.5
        assert row["operators"]["CONV_2D"] > 1
    assert 0 < encoder["codes_differ"] < 0.2
    assert command("export", "digits", "-o", "out").status == 2
    assert command("export", "digits", "-o", "new", "--report", "report.json").status == 2
    half = ("--half", "encoder", "--format", "c-array")
    assert command("export", "digits", "-o", "c", *half).status == 0
    numbers = re.findall(r"0x(\w\w),", Path("c/aecodec_digits_encoder_model.c").read_text("utf-8"))
    assert bytes.fromhex("".join(numbers)) == Path("out/encoder.tflite").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "name", "differ"),
    [
        (("--format", "hdf5"), "encoder.hdf5", 0),
        (("--quantize", "none"), "encoder.tflite", 0.001),
        (("--quantize", "float16"), "encoder.tflite", 0.002),
        (("--quantize", "dynamic"), "encoder.tflite", 0.2),
    ],
)
def test_every_format_and_precision_is_exported(
    command: Command, arguments: tuple[str, ...], name: str, differ: float
) -> None:
    options = ("--half", "encoder", "--report", "report.json")
    assert command("export", "digits", "-o", "out", *options, *arguments).status == 0
    (row,) = json.loads(Path("report.json").read_text())
    assert row["file"] == name
    assert row["codes_differ"] <= differ
    assert sorted(os.listdir("out")) == [name]


def test_options_that_do_not_go_together_are_refused(command: Command) -> None:
    start = ("export", "digits", "-o", "out")
    assert command(*start, "--format", "c", "--quantize", "none").status == 2
    for misplaced in ("--tile", "--levels"):
        assert command(*start, misplaced, "9").status == 2
    pair = ("--encoder", "e.keras", "--decoder", "d.keras", "--calibrate", "x", "-o", "out")
    for more in (("--level", "1"), ("--format", "c"), ("--size", "64x64"), ("--half", "encoder")):
        done = command("export", *pair, *more)
        assert done.status == 2
        assert "from the models first" in done.err
    assert command("evaluate", "digits", ".", "--array", "x_test").status == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--level", "4"), "level 4"),
        (("--priors", "3"), "--priors needs --format c"),
        (("--size", "16x16"), "cannot be used with --format codec"),
        (("--quantize", "none"), "--quantize none"),
    ],
)
def test_options_that_a_codec_file_does_not_take_are_refused(
    command: Command, options: tuple[str, str], says: str
) -> None:
    done = command("export", "digits", "--format", "codec", "-o", "x.aecodec", *options)
    assert (done.status, Path("x.aecodec").exists()) == (2, False)
    assert says in done.err


def test_files_that_are_missing_or_read_are_refused(command: Command) -> None:
    shutil.copytree(BUILT_IN / "digits", "half", ignore=shutil.ignore_patterns("decoder.hdf5"))
    done = command("export", "half", "-o", "out", "--half", "encoder")
    assert "half/decoder.hdf5" in done.err
    assert "need the float networks" in done.err
    Path("encoder.hdf5").touch()
    Path("decoder.hdf5").touch()
    own = ("--encoder", "encoder.hdf5", "--decoder", "decoder.hdf5", "--calibrate", ".", "--force")
    assert "is an input" in command("export", *own, "-o", ".").err
    Path("broken.npy").touch()
    assert command("export", "digits", "-o", "out", "--calibrate", "broken.npy").status == 3
