"""A TFLite model that takes any size, for pictures of one: as TensorFlow Lite Micro needs it."""

from __future__ import annotations

from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tensorflow.lite.tools import flatbuffer_utils

from aecodec.transforms import silent_stderr


def at_size(model: bytes, rows: int, columns: int) -> bytes:
    """The same model with all its shapes for an input of so many rows and columns.

    LiteRT finds the shapes; they are written into the model.

    Args:
        model: a fully convolutional `.tflite` file, of one input.
        rows: of its input.
        columns: of its input.
    """
    with silent_stderr():
        interpreter = Interpreter(
            model_content=model,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        entry = interpreter.get_input_details()[0]
        shape = (1, rows, columns, int(entry["shape"][-1]))
        interpreter.resize_tensor_input(entry["index"], shape, strict=False)
        interpreter.allocate_tensors()
    found = {each["index"]: each["shape"] for each in interpreter.get_tensor_details()}
    graph = flatbuffer_utils.read_model_from_bytearray(bytearray(model))
    for number, tensor in enumerate(graph.subgraphs[0].tensors):
        tensor.shape, tensor.shapeSignature = found[number], None
    return bytes(flatbuffer_utils.convert_object_to_bytearray(graph))
