"""TFLite models with static shapes, as TensorFlow Lite Micro needs them."""

from __future__ import annotations

from tensorflow.lite.tools import flatbuffer_utils

from aecodec.tflite.interpreter import Kernels, open_interpreter
from aecodec.tflite.stderr import silent_stderr


def with_static_shape(model: bytes, rows: int, columns: int) -> bytes:
    """A model of any input size, with all its shapes for one size.

    LiteRT computes the shapes; they are written into the model.

    Args:
        model: content of a fully convolutional `.tflite` file with one input.
        rows: rows of the input.
        columns: columns of the input.
    """
    graph = flatbuffer_utils.read_model_from_bytearray(bytearray(model))
    tensors = graph.subgraphs[0].tensors
    channels = int(tensors[graph.subgraphs[0].inputs[0]].shape[-1])
    with silent_stderr():
        interpreter = open_interpreter(
            model, input_shape=(1, rows, columns, channels), kernels=Kernels.BUILTIN
        )
    found = {each["index"]: each["shape"] for each in interpreter.get_tensor_details()}
    for number, tensor in enumerate(tensors):
        tensor.shape, tensor.shapeSignature = found[number], None
    return bytes(flatbuffer_utils.convert_object_to_bytearray(graph))
