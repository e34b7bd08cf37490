"""Fixtures for the tests of the plugin: small pictures, and a codec of one's own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecodec import pillow
from aecodec.arrays import Pixels
from aecodec.codec.registry import BUILT_IN


@pytest.fixture
def picture(photograph: Pixels) -> Image.Image:
    """A photograph of 60x44 pixels, RGB, which is in no file."""
    return Image.fromarray(np.ascontiguousarray(photograph[100:144, 200:260]))


@pytest.fixture
def digit(samples: Pixels) -> Image.Image:
    """A digit of 28x28 pixels, L."""
    return Image.fromarray(samples[3])


@pytest.fixture
def own_codec(tmp_path: Path) -> Iterator[Path]:
    """Folder of a codec that does not ship: `digits` by another name, so with another id."""
    folder = tmp_path / "own-digits"
    shutil.copytree(BUILT_IN / "digits", folder)
    values = json.loads((folder / "codec.json").read_text("utf-8"))
    values["spec"]["name"] = "own-digits"
    (folder / "codec.json").write_text(json.dumps(values))
    yield folder
    pillow._added.clear()
