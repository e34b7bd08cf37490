"""A TFLite model as C source is the model, aligned to 16 bytes, in C99 and C++17."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from helpers.programs import needs

from aecodec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.export.device.c_models import c_array_files

DUMP = """
#include <stdint.h>
#include <stdio.h>
#include "aecodec_digits_encoder_model.h"
#define SIZE AECODEC_DIGITS_ENCODER_MODEL_SIZE
int main(void) {
    if ((uintptr_t)aecodec_digits_encoder_model % 16u != 0u) return 1;
    if (AECODEC_DIGITS_ENCODER_INPUT_SIZE != 28u * 28u) return 2;
    return fwrite(aecodec_digits_encoder_model, 1, SIZE, stdout) != SIZE;
}
"""


@pytest.mark.parametrize(("compiler", "standard"), [("gcc", "c99"), ("g++", "c++17")])
def test_the_c_source_is_the_model(
    codec: Codec, tmp_path: Path, compiler: str, standard: str
) -> None:
    needs(compiler)
    model = codec.folder.read(Half.ENCODER.tflite)
    files = c_array_files(model, codec.spec, Half.ENCODER)
    for name, content in {**files, "main.c": DUMP.encode()}.items():
        (tmp_path / name).write_bytes(content)
    strict = [f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    language = ["-x", "c++"] if compiler == "g++" else []
    command = [compiler, *strict, *language, *tmp_path.glob("*.c"), "-o", tmp_path / "dump"]
    subprocess.run(command, check=True)
    result = subprocess.run([tmp_path / "dump"], capture_output=True, check=True).stdout
    assert result == model
