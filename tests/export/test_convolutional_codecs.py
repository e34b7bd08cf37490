"""Codecs of fully convolutional networks take pictures of any size, and export C for one size."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.commands import Command

from aecodec import Codec
from aecodec.arrays import Pixels

C = ("--format", "c", "--size")


@pytest.mark.usefixtures("fast_compiler")
def test_c_is_exported_for_a_size(
    convolutional_codec: Codec, photograph: Pixels, command: Command
) -> None:
    assert convolutional_codec.spec.receptive_field == 2  # as the layers imply
    np.save("photographs.npy", photograph[None, :128, :320, 1])
    codec = convolutional_codec.folder.path
    options = ("--format", "c", "--size", "64x32", "--calibrate", "photographs.npy")
    assert command("export", codec, "-o", "out", *options).status == 0
    assert command("verify", "--device", "out", "--codec", codec, "photographs.npy").status == 0


@pytest.mark.parametrize("size", ["0x4", "4", "64x33", "4x4x4"])
def test_a_size_without_two_sides_is_refused(
    convolutional_codec: Codec, command: Command, size: str
) -> None:
    done = command("export", convolutional_codec.folder.path, "-o", "out", *C, size)
    assert (done.status, "give WIDTHxHEIGHT" in done.err) == (2, True)


def test_a_codec_of_tiles_has_no_other_size(command: Command) -> None:
    done = command("export", "digits", "-o", "out", *C, "28x28")
    assert (done.status, "has a fixed size" in done.err) == (2, True)
