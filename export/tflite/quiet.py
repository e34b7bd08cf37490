"""Silences TensorFlow's converter."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

from aecodec.tflite.interpreter import silent_stderr


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence stdout, stderr from C++, warnings and the logger of the converter."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), silent_stderr():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(level)
