"""Adam, slower where a training starts from weights that are good already."""

from __future__ import annotations

from typing import Any

import keras

SLOW = "known_"
"""How the names begin of layers that start as a transform that is known. At the pace of all others
they would be shaken for as long as the learning rate is high."""

_SLOWNESS = 0.1


class Adam(keras.optimizers.Adam):
    """Keras's, with a tenth of the learning rate for layers whose names begin with :data:`SLOW`.

    >>> adam = Adam(learning_rate=1.0)
    >>> adam.pace_of("known_pixels/kernel"), adam.pace_of("conv2d/kernel")
    (0.1, 1.0)
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        path = self._trainable_variables[self._get_variable_index(variable)].path
        super().update_step(gradient, variable, learning_rate * self.pace_of(path))

    @staticmethod
    def pace_of(path: str) -> float:
        """The share of the learning rate for a variable, by its path: `layer/weight`."""
        return _SLOWNESS if path.split("/")[-2:][0].startswith(SLOW) else 1.0
