"""TensorFlow for the commands that need it: imported late and quietly."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from aecodec.base.errors import AecodecError
from aecodec.compiler.interpreter import silent_stderr


@contextmanager
def tensorflow_for(purpose: str) -> Iterator[None]:
    """Run a block that imports Keras with TensorFlow; AecodecError if it is missing."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # silences messages from C++
    os.environ["KERAS_BACKEND"] = "tensorflow"  # model files open with any backend
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # silences advice about tracing
    try:
        with silent_stderr():
            yield
    except ImportError as error:
        raise AecodecError(
            f"{purpose} needs TensorFlow ({error}): install it with pip install 'aecodec[train]'"
        ) from error
