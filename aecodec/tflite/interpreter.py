"""The only module that creates LiteRT interpreters, and silences LiteRT and TensorFlow.

No setting silences their output to standard error.
"""

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from typing import Any

import numpy.typing as npt

from aecodec.errors import AecodecError, CodecError

NEEDS_LITERT = "this needs LiteRT: install it with pip install 'aecodec[train]'"
"""Error message if LiteRT is not installed."""


class Kernels(Enum):
    """Implementations of the operators; the value is LiteRT's name for the resolver."""

    FASTEST = "AUTO"
    """XNNPACK's kernels, or LiteRT's own if XNNPACK rejects the model."""

    BUILTIN = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
    REFERENCE = "BUILTIN_REF"


def open_interpreter(
    model: bytes,
    *,
    input_shape: tuple[int, ...] | None = None,
    kernels: Kernels = Kernels.FASTEST,
) -> Any:
    """Create an interpreter of any model, with one thread and allocated tensors.

    `input_shape` replaces the shape in the model.

    XNNPACK rejects layers whose outputs have steps more than 256 times finer than their products,
    which happens if units are hardly ever active. LiteRT's own kernels then run the model.

    Raises RuntimeError or ValueError if LiteRT cannot load the model with this shape.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError as error:
        raise AecodecError(NEEDS_LITERT) from error
    try:
        resolver = getattr(OpResolverType, kernels.value)
        interpreter = Interpreter(
            model_content=model, num_threads=1, experimental_op_resolver_type=resolver
        )
        if input_shape:
            resize(interpreter, input_shape)
        else:
            interpreter.allocate_tensors()
    except RuntimeError:
        if kernels is not Kernels.FASTEST:
            raise
        return open_interpreter(model, input_shape=input_shape, kernels=Kernels.BUILTIN)
    return interpreter


def resize(interpreter: Any, input_shape: tuple[int, ...]) -> None:
    """Change the input shape of an interpreter, and allocate its tensors."""
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, input_shape, strict=False)
    interpreter.allocate_tensors()


def invoke(interpreter: Any, batch: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Run a model on one batch, and copy its output; raise CodecError if LiteRT fails."""
    with litert_errors("run"):
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], batch)
        interpreter.invoke()
        number = interpreter.get_output_details()[0]["index"]
        output: npt.NDArray[Any] = interpreter.get_tensor(number)
    return output


@contextmanager
def litert_errors(what: str) -> Iterator[None]:
    """Convert any exception of LiteRT to a CodecError with the failed action, such as "load"."""
    try:
        yield
    except AecodecError:
        raise
    except Exception as error:  # RuntimeError, ValueError, UnicodeDecodeError, MemoryError
        text = " ".join(str(error).split())  # which is several lines
        raise CodecError(f"LiteRT cannot {what} the model: {text}") from error


_lock = threading.Lock()

_THEIRS = re.compile(
    rb"""
      (INFO|WARNING|ERROR):\ .*(TensorFlow\ Lite|XNNPACK|TfLite|absl::)   # LiteRT
    | [IWEF]\d{4}\ \d\d:\d\d | [IWEF]\d{4}\ \d{5}                         # absl's log
    | \d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d\.\d+:\ [IWEF]\                      # TensorFlow's own log
    | To\ enable\ the\ following\ instructions:
    | fully_quantize:\ \d
    | loc\(.*(error|warning|note|remark): | <unknown>:\d+:                # the converter's passes
    | error:\ failed\ while\ converting:
    | (Some|Custom|Flex|TF\ Select)\ ops\b | Details:$ | \ttf\.
    | \s*(see\ current\ operation: | "?func\.func | %\w+\ =\ "tfl?\. | \^bb\d)
    """,
    re.VERBOSE,
)
"""Beginnings of the lines that LiteRT and TensorFlow print."""


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Drop the output of LiteRT and TensorFlow to standard error in the block.

    Lines from other sources, such as other threads, are printed at the end of the block.
    """
    with _lock:
        try:
            kept = os.dup(2)
        except OSError:  # no standard error: nothing to keep quiet
            yield
            return
        captured = _unnamed_file()
        os.dup2(captured, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            _pass_on(captured)


def _unnamed_file() -> int:
    """Descriptor of a new unnamed file, in memory if the system supports it."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("stderr")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _pass_on(captured: int) -> None:
    """Print the captured lines that are neither LiteRT's nor TensorFlow's."""
    with open(captured, "rb") as file:
        file.seek(0)
        lines = [line for line in file if line.strip() and not _THEIRS.match(line)]
    with suppress(OSError), open(2, "wb", closefd=False) as stderr:
        stderr.writelines(lines)
