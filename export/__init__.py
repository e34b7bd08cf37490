"""Export of trained autoencoders as codec files, HDF5, TFLite and C."""

from typing import Any

__all__ = ["from_torch"]


def __getattr__(name: str) -> Any:
    """Look up the function only when needed, because it loads TensorFlow."""
    if name != "from_torch":
        raise AttributeError(f"module 'aecodec.export' has no attribute {name!r}")
    from aecodec.export.torch_pair import from_torch

    return from_torch
