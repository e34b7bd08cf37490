"""A fully convolutional codec that many tests export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.networks.pairs import convolutional_pair, train_pair

from aecodec import Codec
from aecodec.base.arrays import Pixels
from aecodec.export.from_keras import codec_from_keras
from aecodec.export.model_hints import UNIT, ModelHints
from aecodec.prior_fitting.fitting import PriorOptions


@pytest.fixture(scope="session")
def few_digits(digits: Pixels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "digits.npy"
    np.save(path, digits[:30])
    return path


@pytest.fixture(scope="session")
def convolutional_codec(
    digits: Pixels, few_digits: Path, tmp_path_factory: pytest.TempPathFactory
) -> Codec:
    pair = train_pair(convolutional_pair(), digits[::3, ..., None] / np.float32(255))
    folder = tmp_path_factory.mktemp("convolutional") / "codec"
    # After so little training, other pixel ranges may fit.
    hints = ModelHints(pixel_ranges=(UNIT, UNIT), tile=28)
    options: Any = {"name": "any size", "priors": PriorOptions(4, 0), "hints": hints}
    return codec_from_keras(pair, few_digits, folder, **options)
