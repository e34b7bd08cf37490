"""TFLite models as functions on int8 tensors and on floats, run by LiteRT."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float32, Latents
from aecodec.errors import CodecError
from aecodec.parallel import Workers
from aecodec.tflite.interpreter import (
    invoke,
    litert_errors,
    open_interpreter,
    resize,
    silent_stderr,
)

_BATCH = 64
"""Number of tiles that a thread processes at a time."""


class TileTransform:
    """Runs an int8 `.tflite` file with a fixed input shape on batches.

    Raises CodecError if LiteRT cannot load the file, or it is not quantized to int8.
    """

    def __init__(self, model: bytes) -> None:
        self._model, self._local = model, threading.local()
        ends = self._interpreter.get_input_details()[0], self._interpreter.get_output_details()[0]
        if any(end["dtype"] is not np.int8 for end in ends):
            raise CodecError("the model's input and output are not int8: export the codec again")
        self.input_shape, self.output_shape = (tuple(end["shape"].tolist())[1:] for end in ends)
        self.input_quantization, self.output_quantization = (end["quantization"] for end in ends)

    @property
    def _interpreter(self) -> Any:
        """The interpreter of this thread, because threads must not share one."""
        if not hasattr(self._local, "interpreter"):
            with silent_stderr(), litert_errors("load"):
                self._local.interpreter = open_interpreter(self._model)
        return self._local.interpreter

    def __call__(self, batch: Latents) -> Latents:
        """Run N int8 tensors of `input_shape`; returns int8 (N, *output_shape)."""
        batch = batch.reshape(-1, *self.input_shape)
        parts = [batch[start : start + _BATCH] for start in range(0, len(batch), _BATCH)]
        results = Workers().map(self._run_part, parts)
        return np.concatenate([np.empty((0, *self.output_shape), np.int8), *results])

    def _run_part(self, part: Latents) -> Latents:
        return np.concatenate([invoke(self._interpreter, item[None]) for item in part])


def float_runner(model: bytes) -> Callable[[Float32], Float32]:
    """Convert an unchecked, new `.tflite` file to a function on floats, with one thread.

    Inputs are quantized and outputs dequantized with the scales and zero points of the model.
    Raises CodecError if LiteRT cannot load the model, or the inputs do not fit it.
    """
    with silent_stderr(), litert_errors("load"):
        interpreter = open_interpreter(model)
    entry, exit_ = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def run(batch: Float32) -> Float32:
        shaped = _quantized(batch, entry)
        if shaped[0].size == np.prod(entry["shape"]):
            shaped = shaped.reshape(-1, *entry["shape"][1:])
        else:  # a fully convolutional model
            with litert_errors("resize"):
                resize(interpreter, (1, *shaped.shape[1:]))
        return np.concatenate([_dequantized(invoke(interpreter, x[None]), exit_) for x in shaped])

    return run


def _quantized(batch: Float32, detail: dict[str, Any]) -> npt.NDArray[Any]:
    scale, zero = detail["quantization"]
    if not scale:
        return batch
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.rint(batch / scale) + zero, limits.min, limits.max).astype(detail["dtype"])


def _dequantized(values: npt.NDArray[Any], detail: dict[str, Any]) -> Float32:
    scale, zero = detail["quantization"]
    return np.asarray((values.astype(np.float32) - zero) * scale if scale else values, np.float32)
