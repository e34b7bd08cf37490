"""Choice of the arithmetic that trains fastest on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf


def policy_of(dtype: str) -> str:
    """The Keras policy for the `dtype` of a recipe, which may be `fastest`.

    `fastest` is `mixed_bfloat16` if the machine has instructions for bfloat16 matrices, as GPUs and
    Intel's AMX do. It is then two to three times as fast as float32. On other machines, Keras
    emulates some operations, and `float32` is up to twice as fast.

    >>> policy_of("float32"), policy_of("fastest") in ("float32", "mixed_bfloat16")
    ('float32', True)
    """
    if dtype != "fastest":
        return dtype
    try:
        has_amx = "amx_bf16" in Path("/proc/cpuinfo").read_text("utf-8").split()
    except OSError:  # not Linux
        has_amx = False
    return "mixed_bfloat16" if has_amx or tf.config.list_physical_devices("GPU") else "float32"


def policy_in(model: Any) -> str:
    """The Keras policy of the first layer of a model after its input."""
    inputs = keras.layers.InputLayer
    first_layer = next(layer for layer in model.layers if not isinstance(layer, inputs))
    return str(first_layer.dtype_policy.name)


def product_dtype(policy: str) -> str:
    """The dtype of matrix products with a Keras policy.

    >>> product_dtype("mixed_bfloat16")
    'bfloat16'
    """
    return str(keras.dtype_policies.get(policy).compute_dtype)
