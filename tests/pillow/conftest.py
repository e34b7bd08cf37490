"""Fixtures for the tests of the plugin: small pictures, and a codec of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers.codecs.made_up_codecs import change_spec
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.codec import registry


@pytest.fixture
def picture(photograph: Pixels) -> Image.Image:
    """A photograph of 60x44 pixels, RGB, which is in no file."""
    return Image.fromarray(np.ascontiguousarray(photograph[100:144, 200:260]))


@pytest.fixture
def digit(samples: Pixels) -> Image.Image:
    """A digit of 28x28 pixels, L."""
    return Image.fromarray(samples[3])


@pytest.fixture
def own_codec(copy: Path) -> Iterator[Path]:
    """Folder of a codec that is not built in: `digits` with a different name, so another id."""
    change_spec(copy, name="own-digits")
    yield copy
    registry._known.clear()
