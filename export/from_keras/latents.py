"""The one tensor of an encoder that a codec codes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from aecodec.arrays import Float32
from aecodec.errors import AecodecWarning, ModelError
from aecodec.keras_models.functional import as_functional, calls_of

_MEAN_WORDS = ("mean", "mu")
_VARIANCE_WORDS = ("var", "sigma", "std", "scale")


def check_one_input(model: Any, half: str) -> None:
    """Check that a model takes one tensor.

    Raises:
        ModelError: it takes several.
    """
    if len(model.inputs) != 1:
        raise ModelError(
            f"the {half} takes {len(model.inputs)} inputs ({_listed(model.inputs)}): one input, "
            f"please; build a model of one input and constants for the others"
        )


def one_output(model: Any, half: str, decoder_input: tuple[int | None, ...] | None = None) -> int:
    """Number of the output to code: the only one, or the mean of a variational encoder.

    An :class:`AecodecWarning` says if a mean was taken.

    Args:
        model: functional Keras model.
        half: "encoder" or "decoder", for messages.
        decoder_input: shape that the decoder takes, without the batch.

    Raises:
        ModelError: it has several outputs, and none of them is known to be a mean.
    """
    if len(model.outputs) == 1:
        return 0
    names, shapes = output_names(model), [tuple(each.shape[1:]) for each in model.outputs]
    mean = _mean_of(names) if len(set(shapes)) == 1 and shapes[0] == decoder_input else None
    if mean is None:
        raise ModelError(
            f"the {half} gives {len(names)} outputs ({', '.join(names)}): one output, please; "
            f"save keras.Model({half}.inputs, {half}.outputs[0]) if it is the first"
        )
    _warn(f"the encoder gives {', '.join(names)}: {names[mean]}, the mean, becomes the code")
    return mean


def output_names(model: Any) -> list[str]:
    """Name of each output: its key if the model gives a dictionary, else that of its layer."""
    if isinstance(model.output, dict):
        return [str(path[-1]) for path, _ in keras.tree.flatten_with_path(model.output)]
    return [str(each._keras_history.operation.name) for each in model.outputs]


def _mean_of(names: Sequence[str]) -> int | None:
    """Number of the mean among the outputs of a variational encoder."""
    lowered = [name.lower() for name in names]
    means = [n for n, name in enumerate(lowered) if _has_word(name, _MEAN_WORDS)]
    if means:
        return means[0]
    is_variational = any(_has_word(name, _VARIANCE_WORDS) for name in lowered)
    return 0 if is_variational and not _has_word(lowered[0], _VARIANCE_WORDS) else None


def _has_word(name: str, words: Sequence[str]) -> bool:
    return any(word in name for word in words)


def without_chance(model: Any, half: str, sample: Float32) -> Any:
    """A model that gives the same for the same input: its random layer is left out.

    A layer that draws latents from [mean, log variance] gives way to the mean, and an
    :class:`AecodecWarning` says so.

    Args:
        model: flat functional model with one input and one output.
        half: "encoder" or "decoder", for messages.
        sample: (N, *input_shape) an input.

    Raises:
        ModelError: another layer gives something else at each call.
    """
    if _is_steady(model.inputs[0], model.outputs[0], sample):
        return model
    model, calls = calls_of(as_functional(model))
    drawn = next(each for each in calls if not _is_steady(model.inputs[0], each.output, sample))
    is_sampling = len(drawn.inputs) > 1 and drawn.inputs[0].shape == drawn.output.shape
    if half == "encoder" and is_sampling and drawn.output is model.outputs[0]:
        _warn(
            f"{drawn.layer.name} draws the latents at random: its first input, the mean, becomes "
            "the code"
        )
        return keras.Model(model.inputs[0], drawn.inputs[0], name=model.name)
    raise ModelError(
        f"the {half} gives something else each time: layer {drawn.layer.name!r} "
        f"({type(drawn.layer).__name__}) draws random numbers; leave it out"
    )


def _is_steady(entry: Any, tensor: Any, sample: Float32) -> bool:
    part = keras.Model(entry, keras.tree.flatten(tensor)[0])
    once, again = (np.asarray(part(sample, training=False)) for _ in range(2))
    return np.array_equal(once, again, equal_nan=True)


def _listed(tensors: Sequence[Any]) -> str:
    return ", ".join(f"{each.name} {tuple(each.shape[1:])}" for each in tensors)


def _warn(message: str) -> None:
    warnings.warn(message, AecodecWarning, stacklevel=3)
