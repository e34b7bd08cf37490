"""TFLite models as functions on floats, run by LiteRT."""

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float32
from aecodec.parallel import Workers
from aecodec.tflite.interpreter import (
    invoke,
    litert_errors,
    open_interpreter,
    resize,
    silent_stderr,
)

_BATCH = 64
"""Number of inputs that a thread processes at a time."""


class FloatRunner:
    """A `.tflite` model as a function on floats (N, ...), in one thread per core.

    Inputs are quantized and outputs dequantized with the scales and zero points of the model.
    Raises CodecError if LiteRT cannot load the model, or the inputs do not fit it.
    """

    def __init__(self, model: bytes) -> None:
        self._model, self._local = model, threading.local()
        self._entry = self._interpreter.get_input_details()[0]
        self._exit = self._interpreter.get_output_details()[0]

    @property
    def _interpreter(self) -> Any:
        """The interpreter of this thread, because threads must not share one."""
        if not hasattr(self._local, "interpreter"):
            with silent_stderr(), litert_errors("load"):
                self._local.interpreter = open_interpreter(self._model)
        return self._local.interpreter

    @property
    def quantization(self) -> tuple[tuple[float, int], tuple[float, int]]:
        """(scale, zero point) of the input and of the output; 0 for floats."""
        return self._entry["quantization"], self._exit["quantization"]

    def __call__(self, batch: Float32) -> Float32:
        shape = self._entry["shape"][1:]
        if batch[0].size == np.prod(shape):  # else a fully convolutional model
            batch = batch.reshape(-1, *shape)
        parts = [batch[start : start + _BATCH] for start in range(0, len(batch), _BATCH)]
        return np.concatenate(list(Workers().map(self._run_part, parts)))

    def _run_part(self, part: Float32) -> Float32:
        interpreter, inputs = self._interpreter, _quantized(part, self._entry)
        shape = (1, *inputs.shape[1:])
        if tuple(interpreter.get_input_details()[0]["shape"]) != shape:
            with litert_errors("resize"):
                resize(interpreter, shape)
        outputs = np.concatenate([invoke(interpreter, item[None]) for item in inputs])
        return _dequantized(outputs, self._exit)


def _quantized(batch: Float32, detail: dict[str, Any]) -> npt.NDArray[Any]:
    scale, zero = detail["quantization"]
    if not scale:
        return batch
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.rint(batch / scale) + zero, limits.min, limits.max).astype(detail["dtype"])


def _dequantized(values: npt.NDArray[Any], detail: dict[str, Any]) -> Float32:
    scale, zero = detail["quantization"]
    return np.asarray((values.astype(np.float32) - zero) * scale if scale else values, np.float32)
