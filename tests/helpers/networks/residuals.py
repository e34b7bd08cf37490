"""Residual networks that predict the base of a sample, or its median prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aecodec.codec_files.folder import CodecFolder, replace_residuals
from aecodec.codec_files.residual_networks import residual_sections
from aecodec.native.tables import input_count
from aecodec.prior_fitting.residual_network import SHAPE_SIZE, ResidualNetwork, ResidualNetworks

MOST_BANDS = 2


def plain_networks(has_base: bool) -> ResidualNetworks:
    """Networks for any number of bands without weights."""
    return ResidualNetworks([_plain(b, has_base) for b in range(MOST_BANDS + 1)], has_base)


def add_plain_networks(path: Path) -> None:
    """Add plain networks to the codec in a folder."""
    networks = [plain_networks(has_base).content for has_base in (False, True)]
    replace_residuals(CodecFolder.open(path), residual_sections(networks))


def _plain(band: int, has_base: bool) -> ResidualNetwork:
    inputs = input_count(band, has_base)
    logistic = 1 / (1 + np.exp(-np.arange(SHAPE_SIZE) / 32))
    return ResidualNetwork(
        hidden=np.zeros((1, inputs), np.int16),
        bias=np.zeros(1, np.int32),
        outputs=np.zeros((2, 1), np.int16),
        output_bias=np.zeros(2, np.int32),
        direct=np.zeros(inputs, np.int16),
        shape=np.rint(logistic * (1 << 24)).astype(np.int32),
    )
