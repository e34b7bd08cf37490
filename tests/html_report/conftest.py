"""Fixtures of the report tests: a folder of photographs, and the report of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aecodec
from aecodec.arrays import Pixels
from aecodec.datasets.evaluation_set import open_dataset
from aecodec.html_report.measuring import Content, Measuring, Wanted
from aecodec.html_report.page import page

ODD_NAME = "<script>alert(1)<script>.png"


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory, photograph: Pixels) -> Path:
    """A folder of three pictures: of many pixels, grey ones under an odd name, and even ones."""
    folder = tmp_path_factory.mktemp("pictures")
    large = photograph[:260, :300]
    grey = np.asarray(Image.fromarray(photograph[200:300, 50:180]).convert("L"))
    even = photograph[:80, :96]
    for name, pixels in (("large.png", large), (ODD_NAME, grey), ("even & 'blue'.png", even)):
        Image.fromarray(pixels).save(folder / name)
    return folder


@pytest.fixture(scope="session")
def content(pictures: Path, photo: aecodec.Codec) -> Content:
    """What the report of these pictures says."""
    dataset = open_dataset(pictures)
    return Measuring(photo, lambda title: dataset, Wanted(level=3)).content()


@pytest.fixture(scope="session")
def report_page(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of these pictures."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(page(content, "pictures"))
    return path
