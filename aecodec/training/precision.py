"""The arithmetic that trains fastest on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

FASTEST = "fastest"


def policy_of(dtype: str) -> str:
    """Keras's policy for a recipe's `dtype`.

    `fastest` is `mixed_bfloat16` where there are instructions for matrices of bfloat16, as GPUs
    and Intel's AMX have them: two to three times as fast as float32. Elsewhere Keras emulates some
    of it, and `float32` is up to twice as fast.

    Args:
        dtype: `fastest`, or one of Keras's policies.

    >>> policy_of("float32")
    'float32'
    """
    if dtype != FASTEST:
        return dtype
    return "mixed_bfloat16" if _multiplies_bfloat16() else "float32"


def policy_in(model: Any) -> str:
    """Keras's policy in the first layer of a model after its input."""
    first = next(layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer))
    return str(first.dtype_policy.name)


def product_dtype(policy: str) -> str:
    """What matrices are multiplied in under one of Keras's policies.

    >>> product_dtype("mixed_bfloat16")
    'bfloat16'
    """
    return str(keras.dtype_policies.get(policy).compute_dtype)


def _multiplies_bfloat16() -> bool:
    return bool(tf.config.list_physical_devices("GPU")) or "amx_bf16" in _processor_flags()


def _processor_flags() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text("utf-8").split()
    except OSError:  # not Linux
        return []
