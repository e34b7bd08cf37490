"""Keeping TensorFlow's converter from talking."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

from aecodec.transforms import silent_stderr


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The converter talks on stdout, on stderr from C++, through warnings and a logger."""
    logger = logging.getLogger("tensorflow")
    before = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), silent_stderr():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(before)
