"""The arithmetic that trains fastest on this machine."""

from __future__ import annotations

from pathlib import Path

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
    return "mixed_bfloat16" if multiplies_bfloat16() else "float32"


def multiplies_bfloat16() -> bool:
    """Whether this machine has instructions for matrices of bfloat16."""
    return bool(tf.config.list_physical_devices("GPU")) or "amx_bf16" in _processor_flags()


def _processor_flags() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text("utf-8").split()
    except OSError:  # not Linux
        return []
