"""`aecodec export`, of codecs that ship."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from helpers.commands import Command

from aecodec.codec.registry import BUILT_IN


@pytest.mark.parametrize("suffix", ["tflite", "hdf5"])
def test_the_networks_of_a_codec_are_exported(command: Command, suffix: str) -> None:
    options = ("--format", suffix)
    done = command("export", "digits", "-o", "out", *options)
    assert done.status == 0
    assert f"encoder.{suffix}: " in done.out
    for half in ("encoder", "decoder"):
        content = Path("out", f"{half}.{suffix}").read_bytes()
        assert content == (BUILT_IN / "digits" / f"{half}.{suffix}").read_bytes()
    assert command("export", "digits", "-o", "out", *options).status == 2
    assert command("export", "digits", "-o", "one", "--half", "encoder", *options).status == 0
    assert os.listdir("one") == [f"encoder.{suffix}"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("codec --level 4", "level 4"),
        ("codec --size 16x16", "only with --format c"),
        ("c --size 28x28", "its tile size"),
    ],
)
def test_options_that_do_not_fit_are_refused(command: Command, options: str, says: str) -> None:
    done = command("export", "digits", "-o", "x.aecodec", "--format", *options.split())
    assert (done.status, Path("x.aecodec").exists()) == (2, False)
    assert says in done.err


def test_files_that_are_missing_or_read_are_refused(command: Command) -> None:
    shutil.copytree(BUILT_IN / "digits", "half", ignore=shutil.ignore_patterns("decoder.hdf5"))
    done = command("export", "half", "-o", "out", "--format", "hdf5")
    assert "half/decoder.hdf5" in done.err
    assert "need the float networks" in done.err
    Path("encoder.hdf5").touch()
    Path("decoder.hdf5").touch()
    own = ("--encoder", "encoder.hdf5", "--decoder", "decoder.hdf5", "--calibrate", ".", "--force")
    assert "is an input" in command("import", *own, "-o", ".").err
    Path("broken.npy").touch()
    broken = ("--format", "c", "--calibrate", "broken.npy")
    assert command("export", "digits", "-o", "out", *broken).status == 3
