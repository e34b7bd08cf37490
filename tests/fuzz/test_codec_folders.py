"""The fuzzer of codec folders finds faults: crashes, hangs and errors of other kinds."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.helpers.documents import ROOT

FOLDERS = 300
"""Folders within which a fault is found: those of some seconds."""

FAULTS = {
    "death by": """
from aecodec.engine import litert
from aecodec.network.check import CheckedModel
from aecodec.tflite.model import read_model
class Unchecked(CheckedModel):
    def check_shape(self, input_shape):
        return self.model.tensors[self.model.exit].shape
litert.check_model = lambda content: Unchecked(read_model(content))
""",
    "another error": """
from aecodec.errors import CodecError
from aecodec.engine import litert
check_model = litert.check_model
def escaping(content):
    try:
        return check_model(content)
    except CodecError as error:
        raise ValueError from error
litert.check_model = escaping
""",
    "hang": """
from aecodec.codec_files import spec
name = spec._name
def slow_name(value):
    while not isinstance(value, str):
        pass
    return name(value)
spec._name = slow_name
""",
}
"""Programs that plant a fault, by what it leads to."""


@pytest.mark.slow
@pytest.mark.parametrize("outcome", FAULTS)
def test_a_fault_in_the_reader_of_folders_is_found(outcome: str) -> None:
    program = f"import fuzz.codec_folders\n{FAULTS[outcome]}\nfuzz.codec_folders.main()"
    command = [sys.executable, "-c", program, "--seed", "1", "--count", str(FOLDERS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"text='{outcome}" in done.stdout
