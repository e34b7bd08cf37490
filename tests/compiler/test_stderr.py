"""What LiteRT prints to standard error is dropped."""

import os

import pytest

from aecodec.compiler.interpreter import silent_stderr


def test_lines_in_the_block_are_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    with silent_stderr():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
    os.write(2, b"done")
    assert capfd.readouterr().err == "done"
