"""Optimizers with learning-rate multipliers that depend on the roles of variables."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import keras
import tensorflow as tf

from aecodec.base.errors import UsageError
from aecodec.keras_models.roles import Role, role_of

_PIXELS = 0.1
"""Multiplier for layers that output pixels, because they add up hundreds of equal steps."""

_BETA_2 = 0.99


class _WithMultipliers(keras.optimizers.Optimizer):
    """Multiplies the learning rate by role, and by `network_rate` except for codes."""

    code_statistics: ClassVar[float] = 1.0
    network_rate = 1.0

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        # `variable` belongs to TensorFlow; the role is set on the Keras variable around it.
        role = role_of(self._trainable_variables[self._get_variable_index(variable)])
        if role is Role.CODE_STATISTICS:
            multiplier = self.code_statistics
        else:
            is_pixels = role in (Role.LINEAR_PIXELS, Role.LEARNED_PIXELS)
            multiplier = self.network_rate * (_PIXELS if is_pixels else 1.0)
        super().update_step(gradient, variable, learning_rate * multiplier)


class Adam(_WithMultipliers, keras.optimizers.Adam):
    """Keras's Adam; its steps have the same size for each weight."""

    code_statistics = 5.0

    def __init__(self, _: str) -> None:
        super().__init__(beta_2=_BETA_2)


class Muon(_WithMultipliers, keras.optimizers.Muon):
    """Keras's Muon, also for convolution kernels; its steps have equal size in all directions.

    Adam's steps are equal for hundreds of positive inputs, so they add up to a change of the mean
    that hides the learned features. Only vectors, and weights that describe the codes, get Adam's
    steps. See K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.
    `dtype`: type of the matrix products of a step.
    """

    code_statistics = 12.0

    def __init__(self, dtype: str) -> None:
        super().__init__(
            adam_beta_2=_BETA_2,
            adam_lr_ratio=0.2,
            ns_steps=3,  # with 5, training learns as much but takes 1.2 times as long
            weight_decay=None,
            adam_weight_decay=None,
        )
        self._product_dtype = dtype

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        matrix = tf.cast(tf.reshape(x, (-1, x.shape[-1])), self._product_dtype)
        unit = super().zeropower_via_newtonschulz5(matrix, steps)
        return tf.reshape(tf.cast(unit, x.dtype), x.shape)

    def lr_adjust(self, x: Any) -> Any:
        inputs, outputs = math.prod(x.shape[:-1]), x.shape[-1]
        return x * (self.rms_rate * math.sqrt(max(inputs, outputs)))

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) < 2 or role_of(variable) is Role.CODE_STATISTICS


_OPTIMIZERS = {"adam": Adam, "muon": Muon}


def optimizer_of(
    optimizer: Any, dtype: str, network_rate: float = 1.0, learning_rate: Any = None
) -> Any:
    """Create `adam`, `muon`, an optimizer with a Keras name, or a copy of a Keras optimizer.

    `network_rate`: factor of the networks' learning rate. `learning_rate`: a number or a schedule;
    None for the optimizer's own rate. Raises UsageError for unknown optimizers.
    """
    if isinstance(optimizer, str) and optimizer in _OPTIMIZERS:
        new = _OPTIMIZERS[optimizer](dtype)
    else:
        new = _copy_of(optimizer)
    new.network_rate = network_rate
    if learning_rate is not None:
        new.learning_rate = learning_rate
    return new


def _copy_of(optimizer: Any) -> Any:
    try:
        chosen = keras.optimizers.get(optimizer)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"unknown optimizer {optimizer!r}: use {', '.join(_OPTIMIZERS)}, or a Keras optimizer"
        ) from error
    kind: Any = type(chosen)
    copy: Any = type(kind.__name__, (_WithMultipliers, kind), {})
    return copy.from_config(chosen.get_config())
