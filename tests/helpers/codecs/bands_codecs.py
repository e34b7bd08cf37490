"""Codecs with bands whose networks only move numbers, so that values are coded without loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from helpers.networks.random_models import Maker

from aecodec.codec.codec import Codec
from aecodec.codec_files.bands import Bands
from aecodec.codec_files.folder import write_folder
from aecodec.codec_files.priors_file import save_priors
from aecodec.codec_files.spec import CodecSpec
from aecodec.coding.levels import Level
from aecodec.imaging.transfer import Transfer, linear
from aecodec.prior_fitting.table_fitting import fit_prior

SIDE = 2
"""Sides of a tile in pixels."""


def moving_network(channels: int, *, is_encoder: bool) -> bytes:
    """A network from tiles to vectors with the same numbers, or back, as a TFLite model."""
    make = Maker(np.random.default_rng(0))
    tile, vector = (1, 2 * SIDE, 2 * SIDE, channels), (1, 2, 2, SIDE * SIDE * channels)
    entry = make.tensor(tile if is_encoder else vector, None, [1 / 255], -128)
    output = make.tensor(vector if is_encoder else tile, None, [1 / 255], -128)
    kind = "SpaceToDepth" if is_encoder else "DepthToSpace"
    name = "SPACE_TO_DEPTH" if is_encoder else "DEPTH_TO_SPACE"
    return make.single(name, [entry], output, f"{kind}Options", blockSize=SIDE)


def curved(limits: list[tuple[float, float]], phases: int) -> Transfer:
    """A transfer whose tables are a square, with equal entries at their beginnings."""
    steps = linear(limits, phases)
    tables = steps.tables.astype(np.float64) ** 2 / 65535
    return Transfer(steps.limits, np.rint(tables).astype(np.uint16))


def bands_codec(
    path: Path, limits: list[tuple[float, float]], phases: int, *, file_limits: bool = False
) -> Codec:
    """A codec for any size with a band per pair of limits; every second one has a curve."""
    count = len(limits)
    channels, transfer = count * phases, linear(limits, phases)
    transfer.tables[1::2] = curved(limits, phases).tables[1::2]
    latents = SIDE * SIDE * channels
    codes = np.random.default_rng(0).integers(-128, 128, (600, latents)).astype(np.int16)
    bands = Bands(phases, tuple(f"band {number}" for number in range(count)), file_limits)
    spec = CodecSpec(
        "bands", (SIDE, SIDE), count, (latents,), (Level(0, latents),), 1, 1, bands=bands
    )
    contents = {
        "priors.npz": save_priors([fit_prior(codes, priors=2, tables=8)], transfer),
        "decoder.tflite": moving_network(channels, is_encoder=False),
        "encoder.tflite": moving_network(channels, is_encoder=True),
    }
    return Codec(write_folder(path, spec, contents, {}))
