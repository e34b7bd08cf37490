"""Running TFLite models with LiteRT: the only module that makes its interpreters.

LiteRT trusts what it is given, so a model of a codec folder is checked first
(:mod:`aecodec.tflite.check`), and before each new shape of its input.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float32, Latents
from aecodec.errors import CodecError
from aecodec.inference.stderr import silent_stderr
from aecodec.parallel import Workers
from aecodec.tflite.check import check_model

_BATCH = 64


class Kernels(Enum):
    """Implementations of the operators; the value is LiteRT's name for the resolver."""

    FASTEST = "AUTO"
    """XNNPACK's; LiteRT's own where XNNPACK refuses the model."""

    BUILTIN = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
    REFERENCE = "BUILTIN_REF"


def open_interpreter(
    model: bytes,
    *,
    input_shape: tuple[int, ...] | None = None,
    batch: int | None = None,
    kernels: Kernels = Kernels.FASTEST,
) -> Any:
    """Make an interpreter of any model, with one thread and its tensors allocated.

    XNNPACK refuses a layer whose output has steps 256 times as fine as its products, which happens
    where units are hardly ever active. LiteRT's own kernels then take its place.

    Args:
        model: content of a `.tflite` file.
        input_shape: shape of the input, if it is to differ from the model's own.
        batch: batch size, if that alone is to differ.
        kernels: implementation of the operators.

    Raises:
        RuntimeError, ValueError: LiteRT cannot load the model, or not with this shape.
    """
    try:
        return _open_with(kernels, model, input_shape, batch)
    except RuntimeError:
        if kernels is not Kernels.FASTEST:
            raise
        return _open_with(Kernels.BUILTIN, model, input_shape, batch)


def _open_with(
    kernels: Kernels, model: bytes, input_shape: tuple[int, ...] | None, batch: int | None
) -> Any:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = getattr(OpResolverType, kernels.value)
    interpreter = Interpreter(
        model_content=model, num_threads=1, experimental_op_resolver_type=resolver
    )
    if batch:
        own = interpreter.get_input_details()[0]["shape"]
        input_shape = (batch, *own[1:].tolist())
    if input_shape:
        resize(interpreter, input_shape)
    else:
        interpreter.allocate_tensors()
    return interpreter


def resize(interpreter: Any, input_shape: tuple[int, ...]) -> None:
    """Give an interpreter's input another shape, and allocate its tensors."""
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, input_shape, strict=False)
    interpreter.allocate_tensors()


def invoke(interpreter: Any, batch: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Run a model on one batch, and copy its output.

    Raises:
        CodecError: LiteRT fails.
    """
    with _litert_errors("run"):
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], batch)
        interpreter.invoke()
        number = interpreter.get_output_details()[0]["index"]
        output: npt.NDArray[Any] = interpreter.get_tensor(number)
    return output


@contextlib.contextmanager
def _litert_errors(what: str) -> Iterator[None]:
    """Raise whatever LiteRT raises as a CodecError that says what it could not do."""
    try:
        yield
    except Exception as error:  # RuntimeError, ValueError, UnicodeDecodeError, MemoryError
        text = " ".join(str(error).split())  # which is several lines
        raise CodecError(f"LiteRT cannot {what} the model: {text}") from error


def _int8_interpreter(model: bytes, batch: int | None = None) -> Any:
    """An interpreter of an int8 model, with another batch size than its own if given."""
    with silent_stderr(), _litert_errors("load"):
        interpreter = open_interpreter(model, batch=batch)
        details = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    if any(detail["dtype"] is not np.int8 for detail in details):
        raise CodecError("the model's input and output are not int8: export the codec again")
    return interpreter


class _PerThread:
    """A model with one interpreter per thread, as threads must not share one."""

    def __init__(self, model: bytes) -> None:
        self._model = model
        self._checked = check_model(model)
        self._local = threading.local()
        self._interpreter()  # a model that cannot be loaded is refused at once

    def _interpreter(self) -> Any:
        if not hasattr(self._local, "interpreter"):
            self._local.interpreter = _int8_interpreter(self._model)
        return self._local.interpreter


class TileTransform(_PerThread):
    """An int8 TFLite model of a fixed input shape, run on batches.

    Args:
        model: content of a `.tflite` file with one int8 input and one int8 output.
        workers: threads that share out large batches.

    Raises:
        CodecError: no model that the exporters make, or not quantized to int8.
    """

    def __init__(self, model: bytes, workers: Workers = Workers()) -> None:
        super().__init__(model)
        self._workers = workers
        details = (
            self._interpreter().get_input_details()[0],
            self._interpreter().get_output_details()[0],
        )
        self.input_quantization, self.output_quantization = (d["quantization"] for d in details)
        self.input_shape, self.output_shape = (tuple(d["shape"][1:].tolist()) for d in details)

    def __call__(self, batch: Latents) -> Latents:
        """Run N int8 tensors of `input_shape`, to int8 (N, *output_shape)."""
        batch = batch.reshape(-1, *self.input_shape)
        if len(batch) < _BATCH:
            return self._one_by_one(batch)
        parts = [batch[start : start + _BATCH] for start in range(0, len(batch), _BATCH)]
        return np.concatenate(list(self._workers.map(self._run_part, parts)))

    def check_shapes(self, expected_in: tuple[int, ...], expected_out: tuple[int, ...]) -> None:
        """Check that the model has the shapes its codec states; a last axis of 1 may be missing.

        Raises:
            CodecError: a shape differs.
        """
        for found, expected in ((self.input_shape, expected_in), (self.output_shape, expected_out)):
            if found not in (expected, expected[:-1] if expected[-1] == 1 else expected):
                raise CodecError(
                    f"the model has an input or output of shape {found}, its codec {expected}"
                )

    def _run_part(self, part: Latents) -> Latents:
        """Run a batch at once, or one by one if the model reshapes to a fixed batch size."""
        interpreter = self._batch_interpreter()
        if interpreter is None:
            return self._one_by_one(part)
        padded = np.zeros((_BATCH, *part.shape[1:]), np.int8)
        padded[: len(part)] = part
        return invoke(interpreter, padded)[: len(part)]

    def _one_by_one(self, batch: Latents) -> Latents:
        results = [invoke(self._interpreter(), item[None]) for item in batch]
        return np.concatenate([np.empty((0, *self.output_shape), np.int8), *results])

    def _batch_interpreter(self) -> Any:
        if not hasattr(self._local, "batch"):
            self._local.batch = self._new_batch_interpreter()
        return self._local.batch

    def _new_batch_interpreter(self) -> Any:
        try:
            self._checked.check_shape((_BATCH, *self.input_shape))
            interpreter = _int8_interpreter(self._model, _BATCH)
        except CodecError:
            return None
        return interpreter if interpreter.get_output_details()[0]["shape"][0] == _BATCH else None


class ConvolutionalTransform(_PerThread):
    """A fully convolutional int8 TFLite model, run on arrays of any height and width.

    Args:
        model: content of a `.tflite` file with one int8 input and one int8 output.

    Raises:
        CodecError: no model that the exporters make, or not quantized to int8.
    """

    def __call__(self, batch: Latents) -> Latents:
        """Run int8 (1, h, w, C); several threads may call at once.

        Raises:
            CodecError: the model does not take this shape, or would take too much memory or time.
        """
        interpreter = self._interpreter()
        if tuple(interpreter.get_input_details()[0]["shape"]) != batch.shape:
            self._checked.check_shape(batch.shape)
            with _litert_errors("resize"):
                resize(interpreter, batch.shape)
        return invoke(interpreter, batch)

    def check_channels(self, expected_in: int, expected_out: int) -> None:
        """Check that the model has the channels that its codec states.

        Raises:
            CodecError: a number of channels differs.
        """
        interpreter = self._interpreter()
        details = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        for found, expected in zip(details, (expected_in, expected_out), strict=True):
            if found["shape"][-1] != expected:
                raise CodecError(
                    f"the model has an input or output of {found['shape'][-1]} channels, its codec "
                    f"{expected}"
                )


def float_runner(model: bytes) -> Callable[[Float32], Float32]:
    """A TFLite model of any precision as a function on floats, with one thread.

    Inputs are quantized, and outputs dequantized, as the model's own scales and zero points say.

    Args:
        model: content of a `.tflite` file with one input and one output, which was just converted:
            it is not checked.

    Raises:
        CodecError: LiteRT cannot load it, or it does not take the inputs.
    """
    with silent_stderr(), _litert_errors("load"):
        interpreter = open_interpreter(model)
    entry, exit_ = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def run(batch: Float32) -> Float32:
        shaped = _quantized(batch, entry)
        if shaped[0].size == np.prod(entry["shape"]):
            shaped = shaped.reshape(-1, *entry["shape"][1:])
        else:  # a fully convolutional model
            with _litert_errors("resize"):
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
