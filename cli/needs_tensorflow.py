"""TensorFlow, for the commands that need it: imported late and quietly."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from aecodec.errors import AecodecError
from aecodec.transforms import silent_stderr


@contextmanager
def tensorflow_for(purpose: str) -> Iterator[None]:
    """A block that imports what needs TensorFlow.

    Args:
        purpose: what the command does with it.

    Raises:
        AecodecError: it is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # what it tells the terminal from C++
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # advice for who traces functions
    try:
        with silent_stderr():
            yield
    except ImportError as error:
        raise AecodecError(
            f"{purpose} needs TensorFlow ({error}): install it with pip install 'aecodec[train]'"
        ) from error
