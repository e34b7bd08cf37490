"""Optimizers that move each part of a training at a pace of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import keras
import tensorflow as tf

from aecodec.errors import UsageError
from aecodec.training.precision import product_dtype

SLOW = "slow_"
"""How the names begin of layers that write pixels. A step moves each of their hundreds of weights
alike, and at the pace of the others a pixel by more than its whole error."""

FAST = "fast_"
"""How weights begin that describe the codes; they must follow as the networks change."""

_SECOND_BETA = 0.99


class _Paced(keras.optimizers.Optimizer):
    """A learning rate in proportion to a variable's pace."""

    paces: ClassVar[dict[str, float]]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        path = self._trainable_variables[self._get_variable_index(variable)].path
        super().update_step(gradient, variable, learning_rate * self.pace_of(path))

    @classmethod
    def pace_of(cls, path: str) -> float:
        """What the learning rate of a variable is multiplied by; its path is `layer/weight`."""
        paces = (
            pace
            for part in path.split("/")
            for name, pace in cls.paces.items()
            if part.startswith(name)
        )
        return math.prod(paces, start=1.0)


class Adam(_Paced, keras.optimizers.Adam):
    """Keras's, with steps of one size for each weight.

    >>> [Adam.pace_of(f"{name}/kernel") for name in ("slow_pixels", "conv2d", "fast_rate")]
    [0.1, 1.0, 5.0]
    """

    paces: ClassVar[dict[str, float]] = {SLOW: 0.1, FAST: 5.0}

    def __init__(self) -> None:
        super().__init__(beta_2=_SECOND_BETA)


class Muon(_Paced, keras.optimizers.Muon):
    """Keras's, for kernels of convolutions too, with steps of one size in all directions.

    Pixels, and whatever has passed a ReLU, are above 0: Adam's steps, alike for hundreds of inputs,
    add up to a change of the mean that drowns what is learned. A step of Muon moves a kernel, seen
    as a matrix of inputs and outputs, by as much in each direction of its space, so that the mean
    is one of many. Vectors, and what describes the codes, get Adam's steps.
    See K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.

    Args:
        policy: Keras's, for the products of matrices that make a step.

    >>> [Muon.pace_of(f"{name}/kernel") for name in ("slow_pixels", "conv2d", "fast_rate")]
    [0.1, 1.0, 12.0]
    """

    paces: ClassVar[dict[str, float]] = {SLOW: 0.1, FAST: 12.0}
    _OF_VECTORS = 0.2
    """Their pace; on it comes that of what describes the codes."""

    _ITERATIONS = 3
    """Of Newton's and Schulz's method: with 5, as much is learned in 1.2 times the time."""

    def __init__(self, policy: str = "float32") -> None:
        super().__init__(
            adam_beta_2=_SECOND_BETA,
            adam_lr_ratio=self._OF_VECTORS,
            ns_steps=self._ITERATIONS,
            weight_decay=None,
            adam_weight_decay=None,
        )
        self._product_dtype = product_dtype(policy)

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        matrix = tf.cast(tf.reshape(x, (-1, x.shape[-1])), self._product_dtype)
        unit = super().zeropower_via_newtonschulz5(matrix, steps)
        return tf.reshape(tf.cast(unit, x.dtype), x.shape)

    def lr_adjust(self, x: Any) -> Any:
        inputs, outputs = math.prod(x.shape[:-1]), x.shape[-1]
        return x * (self.rms_rate * math.sqrt(max(inputs, outputs)))

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) < 2 or FAST in variable.path


OPTIMIZERS: dict[str, Callable[[str], Any]] = {"adam": lambda _: Adam(), "muon": Muon}
"""By the names that recipes use."""


def optimizer_of(name: str, policy: str) -> Any:
    """A new optimizer by its name, for networks that are trained under one of Keras's policies.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in OPTIMIZERS:
        raise UsageError(f"no optimizer {name!r}: {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[name](policy)
