"""Adam at more than one pace: each part of a training has its own."""

from __future__ import annotations

import math
from typing import Any

import keras

SLOW = "slow_"
"""How the names begin of layers that write pixels. A step of Adam moves each of their hundreds of
weights alike, and at the pace of the others a pixel by more than its whole error."""

FAST = "fast_"
"""How weights begin that describe the codes; they must follow as the networks change."""

_PACES = {SLOW: 0.1, FAST: 5.0}


class Adam(keras.optimizers.Adam):
    """Keras's, with a learning rate in proportion to a variable's pace.

    >>> adam = Adam(learning_rate=1.0)
    >>> [adam.pace_of(f"{name}/kernel") for name in ("slow_pixels", "conv2d", "fast_rate")]
    [0.1, 1.0, 5.0]
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        path = self._trainable_variables[self._get_variable_index(variable)].path
        super().update_step(gradient, variable, learning_rate * self.pace_of(path))

    @staticmethod
    def pace_of(path: str) -> float:
        """What the learning rate of a variable is multiplied by; its path is `layer/weight`."""
        paces = (
            pace
            for part in path.split("/")
            for name, pace in _PACES.items()
            if part.startswith(name)
        )
        return math.prod(paces, start=1.0)
