"""The codecs that ship, in C and in Python."""

from __future__ import annotations

import functools

import pytest
from helpers.c.beside_python import Both
from helpers.programs import needs, shared_folder

from aecodec import Codec
from benchmarks import c_codec

# All workers use the same build.
c_codec.built = functools.cache(lambda: shared_folder("libaecodec", c_codec.build))


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """Tests of the library are skipped where it cannot be built."""
    needs(*c_codec.TOOLS)


@pytest.fixture(scope="session")
def digits_in_both(tools: None, codec: Codec) -> Both:
    return Both.of(codec)


@pytest.fixture(scope="session")
def photo_in_both(tools: None, photo: Codec) -> Both:
    return Both.of(photo)
