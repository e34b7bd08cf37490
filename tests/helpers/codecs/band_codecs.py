"""Tiny codecs with bands whose networks only move numbers, so that a level is without loss."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from helpers.networks.random_models import Maker

from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder, write_folder
from aecodec.codec_files.levels import Level
from aecodec.codec_files.spec import Bands, CodecSpec
from aecodec.compiler.network_plan import network_plan
from aecodec.imaging.transfer import SCALE, Transfer
from aecodec.prior_fitting.fitting import to_frequencies
from aecodec.prior_fitting.level_tables import sections_of
from aecodec.prior_fitting.prior import Prior

TILE = 2
"""Sides of a tile in pixels."""

Limits = Sequence[tuple[float, float]]


def band_codec(
    path: Path,
    limits: Limits,
    phases: int = 2,
    *,
    file_limits: bool = False,
    transfer: Transfer | None = None,
    names: Sequence[str] = (),
    name: str = "bands",
) -> CodecFolder:
    """A codec whose latents are its pixels; the last of its two levels keeps them exactly.

    The limits are of each band, and files may have their own with `file_limits`. The transfer is
    linear by default, and bands are named "band 1" and so on.
    """
    names = names or [f"band {n + 1}" for n in range(len(limits))]
    channels = len(limits) * phases
    latents = TILE * TILE * channels
    levels = (Level(0, latents, 5), Level(0, latents))
    spec = CodecSpec(
        name=name,
        tile=(TILE, TILE),
        channels=len(limits),
        latent_channels=latents,
        levels=levels,
        default_level=2,
        receptive_field=1,
        bands=Bands(phases, tuple(names), file_limits),
    )
    files = {
        half.tflite: _moving_network(channels, is_encoder=half is Half.ENCODER) for half in Half
    }
    plans = {half: network_plan(files[half.tflite], is_any_size=True) for half in Half}
    priors = [_prior(level) for level in levels]
    sections = sections_of(spec, plans, priors, transfer or linear(limits, phases))
    return write_folder(path, spec, sections, files=files)


def linear(limits: Limits, phases: int = 1) -> Transfer:
    table = np.rint(np.linspace(0, SCALE, 255 * phases + 1)).astype(np.uint16)
    return Transfer(np.array(limits, np.float64), np.tile(table, (len(limits), 1)))


def half_curved(limits: Limits, phases: int) -> Transfer:
    """A transfer that is linear, but for every second band a square with equal first entries."""
    transfer = linear(limits, phases)
    squares = transfer.tables[1::2].astype(np.float64) ** 2 / 65535
    transfer.tables[1::2] = np.rint(squares)
    return transfer


def _prior(level: Level) -> Prior:
    count, most = level.code_dimension, 127 // level.multiple
    widths = np.array([2, 30])
    symbols = np.arange(-most, most + 1)
    bank = [to_frequencies(np.append(0.5 ** np.abs(symbols / w), 1e-4)) for w in widths]
    return Prior(
        bank=np.stack(bank),
        first=-most,
        table=np.arange(2, dtype=np.uint16)[:, None].repeat(count, axis=1),
        offset=np.zeros((2, count), np.int16),
        index=to_frequencies(np.ones(2)),
    )


def _moving_network(channels: int, *, is_encoder: bool) -> bytes:
    """A network from tiles to vectors with the same numbers, or back, as a TFLite model."""
    make = Maker()
    if is_encoder:
        make.variable((1, 2 * TILE, 2 * TILE, channels))
        return make.single("SPACE_TO_DEPTH", [0], "SpaceToDepth", like=0, blockSize=TILE)
    make.variable((1, 2, 2, TILE * TILE * channels))
    return make.single("DEPTH_TO_SPACE", [0], "DepthToSpace", like=0, blockSize=TILE)
