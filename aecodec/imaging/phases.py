"""Values with more than 8 bits as several 8-bit channels, the phases, and back.

Phase k of a value v is (v + k) div P, and the P phases sum to v. A codec thus has int8 networks,
but P times finer samples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Pixels

Values = npt.NDArray[np.uint16]
"""Samples as inputs of networks: integers from 0 to 255 P."""

PHASES = (1, 2, 4, 8)
"""Numbers of phases that a codec may have."""


def to_phases(values: Values, phases: int) -> Pixels:
    """Split values (F, H, W, B) from 0 to 255 P into P phases.

    Returns (F, H, W, B * P) uint8; channel b * P + k is phase k of band b.

    >>> to_phases(np.array([[[[0, 5, 1020]]]], np.uint16), 4).tolist()
    [[[[0, 0, 0, 0, 1, 1, 1, 2, 255, 255, 255, 255]]]]
    """
    channels = np.empty((*values.shape, phases), np.uint8)
    shift = phases.bit_length() - 1
    for phase in range(phases):
        np.right_shift(values + np.uint16(phase), shift, out=channels[..., phase], casting="unsafe")
    return channels.reshape(*values.shape[:-1], -1)


def from_phases(channels: Pixels, phases: int) -> Values:
    """Sum the phases (F, H, W, B * P) uint8 to values (F, H, W, B).

    >>> values = np.arange(256 * 4 - 3, dtype=np.uint16).reshape(1, 1, -1, 1)
    >>> bool((from_phases(to_phases(values, 4), 4) == values).all())
    True
    """
    if phases == 1:
        return channels.astype(np.uint16)
    parts = channels.reshape(*channels.shape[:-1], -1, phases)
    values = parts[..., 0].astype(np.uint16)
    for phase in range(1, phases):
        values += parts[..., phase]
    return values
