"""The only module that creates LiteRT interpreters, and silences LiteRT and TensorFlow."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aecodec.base.errors import AecodecError

NEEDS_LITERT = "LiteRT is not installed: run pip install 'aecodec[train]'"


KERNELS = ("BUILTIN_REF", "BUILTIN_WITHOUT_DEFAULT_DELEGATES")
"""LiteRT's names of its reference kernels, and of its other kernels."""


def open_interpreter(
    model: bytes, kernels: str = KERNELS[1], *, preserves_tensors: bool = False
) -> Any:
    """An interpreter of a model; RuntimeError or ValueError if LiteRT cannot load it.

    With `preserves_tensors`, results of all operators can be read after a run.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError as error:
        raise AecodecError(NEEDS_LITERT) from error
    interpreter = Interpreter(
        model_content=model,
        num_threads=1,
        experimental_op_resolver_type=getattr(OpResolverType, kernels),
        experimental_preserve_all_tensors=preserves_tensors,
    )
    interpreter.allocate_tensors()
    return interpreter


_lock = threading.Lock()


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Discard LiteRT's and TensorFlow's output to standard error, which no setting silences."""
    with _lock:
        kept = os.dup(2)
        with open(os.devnull, "wb") as sink:
            os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
