"""The core in WebAssembly beside the C library."""

from __future__ import annotations

from pathlib import Path

from helpers.programs import needs
from PIL import Image

from aecodec.arrays import Pixels
from benchmarks.exactness import wasm
from benchmarks.harness import Options


def test_files_and_pixels_are_counted_that_are_the_same(digits: Pixels, tmp_path: Path) -> None:
    needs("node", "cmake")
    for number, digit in enumerate(digits[:3]):
        Image.fromarray(digit).save(tmp_path / f"{number}.png")
    options = Options("wasm", None)
    wasm.add_arguments(options)
    rows = wasm.measure(options.parse_args([str(tmp_path), "--codec", "digits", "--levels", "2"]))
    count = {"pictures": 3, "same_files": 3, "same_pixels": 3}
    assert list(rows) == [{"codec": "digits", "level": 2, **count}]
