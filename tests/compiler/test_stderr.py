"""What LiteRT prints to standard error is dropped."""

import os
import subprocess
import sys

import pytest

from aecodec.compiler.interpreter import silent_stderr


def test_lines_in_the_block_are_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    with silent_stderr():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
    os.write(2, b"done")
    assert capfd.readouterr().err == "done"


def test_a_closed_standard_error_is_left_closed() -> None:
    program = "import aecodec.compiler.interpreter as s\nwith s.silent_stderr(): print('done')"
    command = f'exec "{sys.executable}" -c "{program}" 2>&-'
    done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"done\n"
