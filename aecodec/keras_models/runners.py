"""Running Keras models on batches of floats."""

from typing import Any

import numpy as np

from aecodec.base.arrays import Float32

_BATCH = 256


def outputs_of(model: Any, inputs: Float32) -> Float32:
    """Run a model in batches; `predict` would trace unknown sides, with which some layers fail."""
    parts = (inputs[start : start + _BATCH] for start in range(0, len(inputs), _BATCH))
    return np.concatenate([np.asarray(model(part, training=False), np.float32) for part in parts])


def shaped_for(batch: Float32, shape: tuple[int | None, ...]) -> Float32:
    return batch if None in shape[1:] else batch.reshape(-1, *shape[1:])
