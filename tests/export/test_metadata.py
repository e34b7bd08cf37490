"""TFLite files carry a signature, and a description of the codec that they belong to."""

from __future__ import annotations

import json

import numpy as np
from tensorflow.lite.tools import flatbuffer_utils

from aecodec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.tflite.interpreter import open_interpreter
from aecodec.version import version


def test_tflite_files_state_what_they_are(convolutional_codec: Codec) -> None:
    names = {Half.ENCODER: ("image", "code"), Half.DECODER: ("code", "image")}
    for half, (input_name, output_name) in names.items():
        content = convolutional_codec.folder.read(half.tflite)
        model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
        (buffer,) = (entry.buffer for entry in model.metadata if entry.name == b"aecodec")
        description = json.loads(bytes(model.buffers[buffer].data))
        assert description == {"codec": "any size", "aecodec": version()}
        runner = open_interpreter(content).get_signature_runner(half.signature)
        zeros = np.zeros(runner.get_input_details()[input_name]["shape"], np.int8)
        assert runner(**{input_name: zeros})[output_name].dtype == np.int8
