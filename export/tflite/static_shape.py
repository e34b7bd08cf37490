"""TFLite models with static shapes, which TensorFlow Lite Micro needs."""

from __future__ import annotations

from tensorflow.lite.tools import flatbuffer_utils

from aecodec.tflite.interpreter import Kernels, open_interpreter, silent_stderr


def with_static_shape(model: bytes, rows: int, columns: int) -> bytes:
    """Set all shapes of a fully convolutional `.tflite` model for one input size.

    LiteRT computes the shapes.
    """
    graph = flatbuffer_utils.read_model_from_bytearray(bytearray(model))
    tensors = graph.subgraphs[0].tensors
    channels = int(tensors[graph.subgraphs[0].inputs[0]].shape[-1])
    with silent_stderr():
        interpreter = open_interpreter(
            model, input_shape=(1, rows, columns, channels), kernels=Kernels.BUILTIN
        )
    details = interpreter.get_tensor_details()
    shapes = {detail["index"]: detail["shape"] for detail in details}
    for number, tensor in enumerate(tensors):
        tensor.shape, tensor.shapeSignature = shapes[number], None
    return bytes(flatbuffer_utils.convert_object_to_bytearray(graph))
