"""Choosing layers that compute in floats because int8 would lose too much.

Some int8 activations cannot be a table of a single tensor, such as mish or normalization by
statistics of the picture. They consist of several operators whose intermediate values do not fit
int8. Each layer is tried in int8 while all other layers compute in floats. The layers with the
largest errors then compute in floats, as few as are needed for the allowed error. For the problem,
see B. Wu et al., "Mixed precision quantization of ConvNets via differentiable neural architecture
search", 2018. The greedy choice by sensitivity follows TensorFlow Lite's QuantizationDebugger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aecodec.export.tflite.calibrated import CalibratedModel, Operator
from aecodec.export.tflite.layer_names import layer_of

Error = Callable[[bytes], float]
"""Takes the content of an int8 model; returns the squared error of the pictures."""


@dataclass(frozen=True)
class Damage:
    """The error that a layer causes in int8.

    Attributes:
        layer: name of the layer.
        error: squared error of the pictures if only this layer computes in int8.
    """

    layer: str
    error: float


@dataclass(frozen=True)
class MixedModel:
    """An int8 model in which some layers may compute in floats.

    Attributes:
        content: content of a `.tflite` file.
        error: squared error of the pictures.
        damages: errors of all layers in int8, the worst first; empty if full int8 was sufficient.
        in_floats: names of the layers that compute in floats.
    """

    content: bytes
    error: float
    damages: tuple[Damage, ...] = ()
    in_floats: tuple[str, ...] = ()


def with_enough_precision(
    model: CalibratedModel, layers: Sequence[str], error_of: Error, allowed: float
) -> MixedModel:
    """Make an int8 model, with as few layers in floats as the allowed error requires.

    Args:
        model: a calibrated model.
        layers: names of the layers of the original Keras model.
        error_of: measures an int8 model.
        allowed: maximum squared error.
    """
    content = model.quantized()
    error = error_of(content)
    if error <= allowed:
        return MixedModel(content, error)
    operators = _by_layer(model.operators(), layers)
    damages = _damages(model, operators, error_of)
    return _with_fewest_floats(model, operators, damages, error_of, allowed)


def _with_fewest_floats(
    model: CalibratedModel,
    operators: dict[str, list[str]],
    damages: tuple[Damage, ...],
    error_of: Error,
    allowed: float,
) -> MixedModel:
    """Compute the worst layer in floats, then the two worst, and so on."""
    names = [damage.layer for damage in damages]
    best: MixedModel | None = None
    for count in range(1, len(names) + 1):
        in_floats = tuple(names[:count])
        content = model.quantized([name for layer in in_floats for name in operators[layer]])
        candidate = MixedModel(content, error_of(content), damages, in_floats)
        if candidate.error <= allowed:
            return candidate
        best = candidate if best is None or candidate.error < best.error else best
    assert best
    return best


def _damages(
    model: CalibratedModel, operators: dict[str, list[str]], error_of: Error
) -> tuple[Damage, ...]:
    damages = []
    for layer in operators:
        in_floats = [name for key, names in operators.items() if key != layer for name in names]
        damages.append(Damage(layer, error_of(model.quantized(in_floats))))
    return tuple(sorted(damages, key=lambda damage: -damage.error))


def _by_layer(operators: Sequence[Operator], layers: Sequence[str]) -> dict[str, list[str]]:
    """Names of operators by layer. All layers with transposed convolutions share an entry.

    >>> operators = [Operator("model_1/mish_1/Exp", False), Operator("model_1/mish_1/a;x/b", False)]
    >>> _by_layer(operators, ["mish"])
    {'mish': ['model_1/mish_1/Exp', 'model_1/mish_1/a;x/b']}
    >>> operators = [Operator("model_1/up_1", True), Operator("model_1/up_1_2", True)]
    >>> _by_layer(operators, ["up", "up_1"])
    {'up, up_1': ['model_1/up_1', 'model_1/up_1_2']}
    """
    owners = {operator.name: layer_of(operator.name, layers) for operator in operators}
    transposed = {
        owners[operator.name]: None for operator in operators if operator.is_transposed_convolution
    }
    by_layer: dict[str, list[str]] = {}
    for name, layer in owners.items():
        key = ", ".join(transposed) if layer in transposed else layer
        by_layer.setdefault(key, []).append(name)
    return by_layer
