"""Running a codec's networks: 8-bit integers in, 8-bit integers out.

A transform is a function from a batch of int8 tensors to a batch of int8 tensors. On the image
side an integer is a pixel less 128; on the code side it is the code. LiteRT runs the quantized
TFLite models; Keras runs the HDF5 ones and rounds.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import CodecError
from aecodec.parallel import in_parallel

Int8 = npt.NDArray[np.int8]
Transform = Callable[[Int8], Int8]

PIXEL_ZERO = -128
"""The integer of a black pixel; int8 = pixel + PIXEL_ZERO."""

PIXEL_SCALE = 1 / 255
"""The networks see pixels as 0..1."""

_BATCH = 64


_SIGN = np.uint8(0x80)
"""Flipping it is adding or taking 128, and what lies between uint8 and int8."""


def to_int8(pixels: npt.NDArray[np.uint8]) -> Int8:
    """Pixels as the encoder takes them: less 128."""
    return (pixels ^ _SIGN).view(np.int8)


def to_pixels(integers: Int8) -> npt.NDArray[np.uint8]:
    """What the decoder gives, as pixels.

    >>> to_pixels(to_int8(np.array([0, 255], np.uint8))).tolist()
    [0, 255]
    """
    return integers.view(np.uint8) ^ _SIGN


class _PerThread:
    """An interpreter must not be shared by threads, so each has its own."""

    def __init__(self, model: bytes) -> None:
        self._model = model
        self._of_thread = threading.local()
        self._own()  # a model that cannot be loaded is refused at once

    def _own(self) -> Any:
        if not hasattr(self._of_thread, "interpreter"):
            self._of_thread.interpreter = _interpreter(self._model)
        return self._of_thread.interpreter


class LiteRtTransform(_PerThread):
    """An int8 TFLite model, run by LiteRT on all cores.

    Args:
        model: the content of a `.tflite` file with one int8 input and one int8 output.

    Raises:
        CodecError: LiteRT cannot load it, or it is not quantized to int8.
    """

    def __init__(self, model: bytes) -> None:
        super().__init__(model)
        single = self._own()
        details = single.get_input_details()[0], single.get_output_details()[0]
        self.input_quantization, self.output_quantization = (d["quantization"] for d in details)
        self.input_shape, self.output_shape = (tuple(d["shape"][1:].tolist()) for d in details)

    def __call__(self, batch: Int8) -> Int8:
        """N tensors of input_shape, int8, to (N, *output_shape) int8."""
        batch = batch.reshape(-1, *self.input_shape)
        if len(batch) < _BATCH:
            return self._one_by_one(batch)
        parts = [batch[start : start + _BATCH] for start in range(0, len(batch), _BATCH)]
        return np.concatenate(list(in_parallel(self._run_part, parts)))

    def check_shapes(self, expected_in: tuple[int, ...], expected_out: tuple[int, ...]) -> None:
        """Compare the model's ends with what its codec says; a last axis of 1 may be left out.

        Raises:
            CodecError: they differ.
        """
        for found, expected in ((self.input_shape, expected_in), (self.output_shape, expected_out)):
            if found not in (expected, expected[:-1] if expected[-1] == 1 else expected):
                raise CodecError(f"the model has an end of shape {found}, its codec {expected}")

    def _run_part(self, part: Int8) -> Int8:
        """A batch at once, or one by one for a model that reshapes to a fixed batch."""
        interpreter = self._batch_interpreter()
        if interpreter is None:
            return self._one_by_one(part)
        padded = np.zeros((_BATCH, *part.shape[1:]), np.int8)
        padded[: len(part)] = part
        return _invoke(interpreter, padded)[: len(part)]

    def _one_by_one(self, batch: Int8) -> Int8:
        results = [_invoke(self._own(), item[None]) for item in batch]
        return np.concatenate([np.empty((0, *self.output_shape), np.int8), *results])

    def _batch_interpreter(self) -> Any:
        if not hasattr(self._of_thread, "batch"):
            self._of_thread.batch = self._new_batch_interpreter()
        return self._of_thread.batch

    def _new_batch_interpreter(self) -> Any:
        try:
            interpreter = _interpreter(self._model, _BATCH)
        except CodecError:
            return None
        return interpreter if interpreter.get_output_details()[0]["shape"][0] == _BATCH else None


class ConvolutionalTransform(_PerThread):
    """A fully convolutional int8 TFLite model, run on arrays of any height and width.

    Args:
        model: the content of a `.tflite` file with one int8 input and one int8 output.

    Raises:
        CodecError: LiteRT cannot load it, or it is not quantized to int8.
    """

    def __call__(self, batch: Int8) -> Int8:
        """(1, h, w, C) to what the model makes of it; threads may call at once."""
        interpreter = self._own()
        entry = interpreter.get_input_details()[0]
        if tuple(entry["shape"]) != batch.shape:
            interpreter.resize_tensor_input(entry["index"], batch.shape, strict=False)
            interpreter.allocate_tensors()
        return _invoke(interpreter, batch)

    def check_channels(self, expected_in: int, expected_out: int) -> None:
        """Compare the channels at the model's ends with what its codec says.

        Raises:
            CodecError: they differ.
        """
        interpreter = self._own()
        details = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        for found, expected in zip(details, (expected_in, expected_out), strict=True):
            if found["shape"][-1] != expected:
                raise CodecError(
                    f"the model has an end of {found['shape'][-1]} channels, its codec {expected}"
                )


def _interpreter(model: bytes, batch: int | None = None) -> Any:
    """An interpreter of an int8 model, for a batch of another size than its own if asked for."""
    with silent_stderr():
        try:
            interpreter = allocated(model, batch)
        except Exception as error:  # whatever a damaged model leads LiteRT to
            raise CodecError(f"LiteRT cannot load the model: {error}") from error
    details = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    if any(detail["dtype"] is not np.int8 for detail in details):
        raise CodecError("the model's input and output are not int8: export the codec again")
    return interpreter


def allocated(model: bytes, batch: int | None = None) -> Any:
    """An interpreter of any model, of one thread.

    With LiteRT's own kernels where XNNPACK refuses the model: it takes no layer whose output has
    steps 256 times as fine as its products, as that of units which hardly ever speak may have.

    Args:
        model: the content of a `.tflite` file.
        batch: of another size than its own, if asked for.
    """
    from ai_edge_litert.interpreter import OpResolverType

    try:
        return _allocated_with(OpResolverType.AUTO, model, batch)
    except RuntimeError:
        return _allocated_with(OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES, model, batch)


def _allocated_with(kernels: Any, model: bytes, batch: int | None) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(
        model_content=model, num_threads=1, experimental_op_resolver_type=kernels
    )
    if batch:
        tensor = interpreter.get_input_details()[0]
        shape = [batch, *tensor["shape"][1:].tolist()]
        interpreter.resize_tensor_input(tensor["index"], shape)
    interpreter.allocate_tensors()
    return interpreter


def _invoke(interpreter: Any, batch: Int8) -> Int8:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], batch)
    interpreter.invoke()
    output: Int8 = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return output


_stderr_lock = threading.Lock()


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
    """LiteRT reports its delegate from C++, past every setting; keep it off the terminal."""
    with _stderr_lock, contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # no standard error: nothing to keep quiet
            kept = os.dup(2)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, 2)
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 2)
            os.close(null)
        yield


def keras_encoder(model: Any) -> Transform:
    """A Keras encoder as a transform: pixels less 128 to codes in -128..127.

    Args:
        model: a Keras model from images in 0..1 to latents.
    """
    return partial(_run_keras, model, in_scale=PIXEL_SCALE, in_zero=PIXEL_ZERO)


def keras_decoder(model: Any) -> Transform:
    """A Keras decoder as a transform: codes to pixels less 128.

    Args:
        model: a Keras model from latents to images in 0..1.
    """
    return partial(_run_keras, model, out_scale=PIXEL_SCALE, out_zero=PIXEL_ZERO)


def _run_keras(
    model: Any,
    batch: Int8,
    in_scale: float = 1.0,
    out_scale: float = 1.0,
    in_zero: int = 0,
    out_zero: int = 0,
) -> Int8:
    inputs = (batch.astype(np.float32) - in_zero) * np.float32(in_scale)
    if None not in model.input_shape[1:]:
        inputs = inputs.reshape(-1, *model.input_shape[1:])
    outputs = np.asarray(model.predict(inputs, batch_size=256, verbose=0), np.float32)
    return np.clip(np.rint(outputs / out_scale) + out_zero, -128, 127).astype(np.int8)
