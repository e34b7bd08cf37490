"""LiteRT's own lines are kept off standard error, and nobody else's."""

import os
import subprocess
import sys
import threading

import pytest

from aecodec.tflite.interpreter import silent_stderr

THEIRS = b"""INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
I0000 00:00:1795810103.398363   26778 port.cc:153] oneDNN custom operations are on.
2026-11-27 20:00:00.123456: I tensorflow/core/platform/cpu_feature_guard.cc:227] This binary
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
fully_quantize: 0, inference_type: 6, input_inference_type: INT8
loc(fused["Svd:", "a/Svd@b"]): error: 'tf.Svd' op is neither a custom op nor a flex op
error: failed while converting: 'main':
"""


def test_lines_of_other_threads_are_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    def say() -> None:
        os.write(2, b"INFO: 5 pictures done\nerror: a.png: cut short\nno end")

    with silent_stderr():
        os.write(2, THEIRS)
        thread = threading.Thread(target=say)
        thread.start()
        thread.join()
    assert capfd.readouterr().err == "INFO: 5 pictures done\nerror: a.png: cut short\nno end"


def test_a_closed_standard_error_is_left_closed() -> None:
    program = "import aecodec.tflite.interpreter as s\nwith s.silent_stderr(): print('done')"
    command = f'exec "{sys.executable}" -c "{program}" 2>&-'
    done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"done\n"
