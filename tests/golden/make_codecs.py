"""Make golden codecs that are not there yet: tiny ones for the rules that no shipped codec shows.

    python tests/golden/make_codecs.py

Their tables and weights are random. `grid` has a receptive field, `tiles` has none and several
vectors in a tile, `even` has tiles of one pixel. Codecs that exist stay as they are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from exact_networks import convolutional, of_tiles

from aecodec.codec_files.file_names import PRIORS, Half
from aecodec.codec_files.folder import write_folder
from aecodec.codec_files.priors_file import save_priors
from aecodec.codec_files.spec import CodecSpec
from aecodec.coding.levels import Level
from aecodec.entropy.context_network import ContextNetwork, SpatialWeights
from aecodec.entropy.prior import Prior

CODECS = Path(__file__).parent / "codecs"

_TOTAL = 1 << 16
_SYMBOLS = 7
_WIDTHS = (0.3, 0.6, 1.1, 2.0)


def bank() -> np.ndarray:
    """(32, 8): four shapes, each moved by 0 to 7 eighths of a symbol."""
    return np.stack([_row(width, eighths) for width in _WIDTHS for eighths in range(8)])


def _row(width: float, eighths: int) -> np.ndarray:
    distance = np.abs(np.arange(_SYMBOLS) - (_SYMBOLS // 2 + eighths / 8))
    weights = np.append(np.exp(-distance / width), 0.02 * width)
    row = 1 + np.floor(weights / weights.sum() * (_TOTAL - len(weights))).astype(np.int64)
    row[row.argmax()] += _TOTAL - row.sum()
    return row


def prior(seed: int, priors: int, channels: int, context: ContextNetwork | None = None) -> Prior:
    """Random tables, which begin at -3 before an offset of -1 to 1 is added."""
    rng = np.random.default_rng(seed)
    index = np.array([0]) if priors == 1 else _index(priors)
    tables = rng.integers(0, 32, (priors, channels)), rng.integers(-1, 2, (priors, channels))
    return Prior(bank(), -3, *tables, index, context)


def _index(priors: int) -> np.ndarray:
    frequencies = _TOTAL >> np.arange(1, priors + 1)
    frequencies[-1] += _TOTAL - frequencies.sum()
    return frequencies


def context(
    seed: int, priors: int, degree: list[int], channels: int, *, spatial: bool
) -> ContextNetwork:
    """A random network."""
    rng, units = np.random.default_rng(seed), len(degree)

    def weights(*shape: int) -> np.ndarray:
        return rng.integers(-99, 100, shape)

    return ContextNetwork(
        order=rng.permutation(channels),
        input_shift=rng.integers(1, 5, channels),
        degree=degree,
        weights=weights(channels, units),
        unit_shift=rng.integers(5, 8, units),
        bias=rng.integers(0, 60, (priors, units)),
        output_weights=weights(channels, units, 2),
        output_shift=np.stack([rng.integers(9, 11, channels), np.full(channels, 12)], axis=1),
        spatial=_spatial_weights(rng, channels, units) if spatial else None,
    )


def _spatial_weights(rng: np.random.Generator, channels: int, units: int) -> SpatialWeights:
    return SpatialWeights(
        centre=rng.integers(-2, 3, channels),
        weights=rng.integers(-99, 100, (2, channels, units)),
        bias=rng.integers(-30, 30, (2, units)),
        gradient_weights=rng.integers(-60, 61, (2, channels, 4, channels)),
        gradient_shift=rng.integers(9, 11, (2, channels)),
    )


def write(spec: CodecSpec, priors: list[Prior], decoder: bytes) -> None:
    """Write the decoder's half of a codec, unless it is there."""
    contents = {PRIORS: save_priors(priors), Half.DECODER.tflite: decoder}
    if not (CODECS / spec.name).exists():
        write_folder(CODECS / spec.name, spec, contents, {})


def grid() -> None:
    """Colour, tiles of 2x2 pixels, 6 channels of latents, a receptive field of one tile."""
    levels = Level(0, 4, 5), Level(2, 6, 3), Level(0, 6), Level(1, 3), Level(3, 6)
    priors = [
        prior(1, 1, 4),
        prior(2, 3, 4, context(2, 3, [0, 1, 1, 3, 3, 4], 4, spatial=True)),
        prior(3, 1, 6, context(3, 1, [0, 0, 1, 2, 4, 4, 5, 6], 6, spatial=True)),
        prior(4, 1, 2, context(4, 1, [0, 0, 1], 2, spatial=True)),
        prior(5, 2, 3, context(5, 2, [0, 1, 2], 3, spatial=False)),
    ]
    weights = np.random.default_rng(6).integers(-2, 3, (12, 3, 3, 6), np.int8)
    spec = CodecSpec("grid", (2, 2), 3, (6,), levels, 2, receptive_field=1)
    write(spec, priors, convolutional(weights, block=2))


def tiles() -> None:
    """Grey, tiles of 3x2 pixels, each with two vectors of 5 channels, no receptive field."""
    levels = Level(0, 1), Level(1, 5, 3), Level(0, 5)
    priors = [
        prior(7, 3, 1),
        prior(8, 1, 4),
        prior(9, 3, 5, context(9, 3, [0, 1, 1, 3, 5], 5, spatial=False)),
    ]
    weights = np.random.default_rng(10).integers(-4, 5, (6, 10), np.int8)
    spec = CodecSpec("tiles", (3, 2), 1, (2, 5), levels, 3)
    write(spec, priors, of_tiles(weights, (2, 5), (3, 2)))


def even() -> None:
    """Grey, tiles of one pixel, whose likeliest code costs next to nothing: messages are padded."""
    tables = np.array([[18, 65500, 18]]), 0, [[0]], [[0]], [0]
    spec = CodecSpec("even", (1, 1), 1, (1,), (Level(0, 1),), 1)
    write(spec, [Prior(*tables)], of_tiles(np.ones((1, 1), np.int8), (1,), (1, 1)))


if __name__ == "__main__":
    even()
    grid()
    tiles()
