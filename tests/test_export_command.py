"""`aecodec export`, of codecs that ship."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from commands import Command

from aecodec.registry import BUILT_IN


def test_export_says_how_far_an_export_is(command: Command) -> None:
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
        assert 1000 < row["arena_bytes"] < 100_000
    assert 0 < encoder["codes_differ"] < 0.2
    assert command("export", "digits", "-o", "out").status == 2
    assert command("export", "digits", "-o", "new", "--report", "report.json").status == 2


@pytest.mark.parametrize(
    ("arguments", "name", "differ"),
    [
        (("--format", "hdf5"), "encoder.hdf5", 0),
        (("--format", "keras"), "encoder.keras", 0),
        (("--quantize", "none"), "encoder.tflite", 0.001),
        (("--quantize", "float16"), "encoder.tflite", 0.002),
        (("--quantize", "dynamic"), "encoder.tflite", 0.2),
        (("--quantize", "int16x8"), "encoder.tflite", 0.2),
    ],
)
def test_export_to_every_format(
    command: Command, arguments: tuple[str, ...], name: str, differ: float
) -> None:
    options = ("--half", "encoder", "--report", "report.json")
    assert command("export", "digits", "-o", "out", *options, *arguments).status == 0
    (row,) = json.loads(Path("report.json").read_text())
    assert row["file"] == name
    assert row["codes_differ"] <= differ
    assert sorted(os.listdir("out")) == [name]


def test_export_refuses_what_cannot_be_made(command: Command) -> None:
    done = command("export", "digits", "-o", "out", "--quantize", "int16x8")
    assert done.status == 1
    assert "DEPTH_TO_SPACE" in done.err
    assert (
        command("export", "digits", "-o", "out", "--format", "c", "--quantize", "none").status == 2
    )
    shutil.copytree(BUILT_IN / "digits", "half", ignore=shutil.ignore_patterns("decoder.hdf5"))
    done = command("export", "half", "-o", "out", "--half", "encoder")
    assert "half/decoder.hdf5" in done.err
    assert "need the float networks" in done.err
    pair = ("--encoder", "e.keras", "--decoder", "d.keras", "--calibrate", "x", "-o", "out")
    Path("encoder.hdf5").touch()
    Path("decoder.hdf5").touch()
    own = ("--encoder", "encoder.hdf5", "--decoder", "decoder.hdf5", "--calibrate", ".", "--force")
    assert "is what is read" in command("export", *own, "-o", ".").err
    Path("broken.npy").touch()
    assert command("export", "digits", "-o", "out", "--calibrate", "broken.npy").status == 3
    assert command("evaluate", "digits", ".", "--array", "x_test").status == 2
    for misplaced in ("--tile", "--levels"):
        assert command("export", "digits", "-o", "out", misplaced, "9").status == 2
    for more in (("--level", "1"), ("--format", "c"), ("--size", "64x64"), ("--half", "encoder")):
        done = command("export", *pair, *more)
        assert done.status == 2
        assert "make one of the models first" in done.err


@pytest.mark.parametrize(
    ("compiler", "standard"), [("gcc", "c99"), ("gcc", "c11"), ("g++", "c++17")]
)
def test_the_c_source_is_the_model(command: Command, compiler: str, standard: str) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler} here")
    assert command("export", "digits", "-o", "c", "--format", "c", "--half", "encoder").status == 0
    Path("c/main.c").write_text(
        '#include <stdint.h>\n#include <stdio.h>\n#include "encoder_model.h"\n'
        "int main(void) {\n"
        "    if ((uintptr_t)encoder_model % 16u != 0u) return 1;\n"
        "    return fwrite(encoder_model, 1, ENCODER_MODEL_SIZE, stdout) != ENCODER_MODEL_SIZE;\n"
        "}\n"
    )
    strict = [f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    language = ["-x", "c++"] if compiler == "g++" else []
    sources = ["c/main.c", "c/encoder_model.c"]
    subprocess.run([compiler, *strict, *language, *sources, "-o", "dump"], check=True)
    found = subprocess.run(["./dump"], capture_output=True, check=True).stdout
    command("export", "digits", "-o", "t", "--half", "encoder")
    assert found == Path("t/encoder.tflite").read_bytes()
