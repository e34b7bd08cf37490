"""Selection of the encoder output that becomes the code, and removal of random layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from aecodec.arrays import Float32
from aecodec.errors import ModelError, warn
from aecodec.keras_models.functional import as_functional, calls_of

_MEAN_WORDS = ("mean", "mu")
_VARIANCE_WORDS = ("var", "sigma", "std", "scale")


def check_single_input(model: Any, half: str) -> None:
    """Raise ModelError if a model has several inputs."""
    if len(model.inputs) != 1:
        raise ModelError(
            f"the {half} has {len(model.inputs)} inputs ({_listed(model.inputs)}) but must have "
            "one: build a model with one input, and constants instead of the other inputs"
        )


def code_output(model: Any, half: str, decoder_input: tuple[int | None, ...] | None = None) -> int:
    """Number of the output to code: the single output, or the mean of a variational encoder.

    If it is a mean, an :class:`AecodecWarning` says so. `half` is for messages; `decoder_input` is
    the decoder's input shape without the batch. Raises ModelError if the model has several outputs,
    and none is recognized as a mean.
    """
    if len(model.outputs) == 1:
        return 0
    names, shapes = output_names(model), [tuple(output.shape[1:]) for output in model.outputs]
    mean = _mean_of(names) if len(set(shapes)) == 1 and shapes[0] == decoder_input else None
    if mean is None:
        raise ModelError(
            f"the {half} has {len(names)} outputs ({', '.join(names)}) but must have one: to use "
            f"the first, save keras.Model({half}.inputs, {half}.outputs[0]); in PyTorch, return "
            "only that output, or pass output_names=['mean', 'log_var'] to torch.onnx.export"
        )
    warn(f"the encoder returns {', '.join(names)}: {names[mean]}, the mean, becomes the code")
    return mean


def output_names(model: Any) -> list[str]:
    """Names of the outputs: keys if the model returns a dictionary, else names of their layers."""
    if isinstance(model.output, dict):
        return [str(path[-1]) for path, _ in keras.tree.flatten_with_path(model.output)]
    return [str(output._keras_history.operation.name) for output in model.outputs]


def _mean_of(names: Sequence[str]) -> int | None:
    """Number of the mean among the outputs of a variational encoder."""
    lowered = [name.lower() for name in names]
    means = [number for number, name in enumerate(lowered) if _has_word(name, _MEAN_WORDS)]
    if means:
        return means[0]
    is_variational = any(_has_word(name, _VARIANCE_WORDS) for name in lowered)
    return 0 if is_variational and not _has_word(lowered[0], _VARIANCE_WORDS) else None


def _has_word(name: str, words: Sequence[str]) -> bool:
    return any(word in name for word in words)


def without_random_layers(model: Any, half: str, sample: Float32) -> Any:
    """Remove the layer that draws random latents from a flat model; replace it by the mean.

    An :class:`AecodecWarning` says so. `half` is for messages; `sample` (N, *input_shape) is an
    input. Raises ModelError if another layer returns random values.
    """
    if _is_steady(model.inputs[0], model.outputs[0], sample):
        return model
    model, calls = calls_of(as_functional(model))
    call = next(call for call in calls if not _is_steady(model.inputs[0], call.output, sample))
    is_sampling = len(call.inputs) > 1 and call.inputs[0].shape == call.output.shape
    if half == "encoder" and is_sampling and call.output is model.outputs[0]:
        warn(
            f"{call.layer.name} draws the latents at random: its first input, the mean, becomes "
            "the code"
        )
        return keras.Model(model.inputs[0], call.inputs[0], name=model.name)
    raise ModelError(
        f"the {half} returns different values each time: layer {call.layer.name!r} "
        f"({type(call.layer).__name__}) draws random numbers; leave it out"
    )


def _is_steady(entry: Any, tensor: Any, sample: Float32) -> bool:
    part = keras.Model(entry, keras.tree.flatten(tensor)[0])
    runs = [np.asarray(part(sample, training=False)) for _ in range(2)]
    return np.array_equal(runs[0], runs[1], equal_nan=True)


def _listed(tensors: Sequence[Any]) -> str:
    return ", ".join(f"{tensor.name} {tuple(tensor.shape[1:])}" for tensor in tensors)
