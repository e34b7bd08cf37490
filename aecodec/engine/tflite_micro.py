"""Running TFLite models in TensorFlow Lite Micro, as a microcontroller does."""

from __future__ import annotations

import numpy as np

from aecodec.arrays import Latents
from aecodec.engine.transform import Transform
from aecodec.errors import AecodecError


def micro_transform(model: bytes) -> Transform:
    """An int8 TFLite model as a transform of single inputs.

    Args:
        model: content of a `.tflite` file with one input and one output, of fixed shapes.

    Raises:
        AecodecError: tflite-micro is not installed.
    """
    try:
        from tflite_micro import runtime
    except ImportError as error:
        raise AecodecError("the network runs in tflite-micro: pip install tflite-micro") from error
    interpreter = runtime.Interpreter.from_bytes(model)
    shape = interpreter.get_input_details(0)["shape"]

    def run(inputs: Latents) -> Latents:
        interpreter.set_input(inputs.reshape(shape), 0)
        interpreter.invoke()
        return np.asarray(interpreter.get_output(0), np.int8)

    return run
