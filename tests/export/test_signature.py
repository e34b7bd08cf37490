"""Runtimes find the input and the output of a TFLite file by name."""

from __future__ import annotations

import numpy as np

from aecodec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.compiler.interpreter import open_interpreter


def test_tflite_files_name_their_ends(convolutional_codec: Codec) -> None:
    for half, start, end in ((Half.ENCODER, "image", "code"), (Half.DECODER, "code", "image")):
        content = convolutional_codec.folder.read(half.tflite)
        runner = open_interpreter(content).get_signature_runner(half.value.removesuffix("r"))
        zeros = np.zeros(runner.get_input_details()[start]["shape"], np.int8)
        assert runner(**{start: zeros})[end].dtype == np.int8
