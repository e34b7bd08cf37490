"""Selection of layers that compute in floats, because int8 would lose too much.

Some activations, such as mish, consist of several operators whose intermediate values do not fit
int8. If such a layer is a function of one tensor, it may compute in floats, which become a table of
256 results in the codec. Each layer is tried in int8 while all other layers compute in floats. Then
the layers with the largest errors compute in floats, as few as the allowed error requires. For the
problem, see B. Wu et al., "Mixed precision quantization of ConvNets via differentiable neural
architecture search", 2018. The greedy choice by sensitivity follows TensorFlow Lite's
QuantizationDebugger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aecodec.errors import ModelError
from aecodec.export.tflite.calibrated import CalibratedModel, Operator
from aecodec.export.tflite.conversion import layer_of
from aecodec.network.convert import network_plan

Error = Callable[[bytes], float]
"""Computes the squared error of the pictures for the content of an int8 model."""


@dataclass(frozen=True)
class Damage:
    """The squared error of the pictures if only this layer computes in int8."""

    layer: str
    error: float


@dataclass(frozen=True)
class MixedModel:
    """An int8 `.tflite` model, some of whose layers may compute in floats that become tables.

    `error` is the squared error of the pictures. `damages` are the errors of all layers in int8,
    the largest first; empty if full int8 was sufficient.
    """

    content: bytes
    error: float
    damages: tuple[Damage, ...] = ()
    in_floats: tuple[str, ...] = ()


def with_enough_precision(
    model: CalibratedModel, layers: Sequence[str], error_of: Error, allowed: float
) -> MixedModel:
    """Make an int8 model, with as few layers in floats as the allowed squared error requires.

    `layers` are the names of the layers of the original Keras model; `error_of` measures an int8
    model.
    """
    content = model.quantized()
    error = error_of(content)
    if error <= allowed:
        return MixedModel(content, error)
    operators = _by_layer(model.operators(), layers)
    damages = _damages(model, operators, error_of)
    in_int8 = MixedModel(content, error, damages)
    return _with_fewest_floats(model, operators, damages, error_of, allowed, in_int8)


def _with_fewest_floats(
    model: CalibratedModel,
    operators: dict[str, list[str]],
    damages: tuple[Damage, ...],
    error_of: Error,
    allowed: float,
    in_int8: MixedModel,
) -> MixedModel:
    names = [
        damage.layer for damage in damages if _has_plan(model.quantized(operators[damage.layer]))
    ]
    candidates = [in_int8]
    for count in range(1, len(names) + 1):
        in_floats = tuple(names[:count])
        content = model.quantized([name for layer in in_floats for name in operators[layer]])
        candidate = MixedModel(content, error_of(content), damages, in_floats)
        if candidate.error <= allowed:
            return candidate
        candidates.append(candidate)
    return min(candidates, key=lambda candidate: candidate.error)


def _has_plan(content: bytes) -> bool:
    """Whether the library runs a model, whose floats then are functions of one tensor."""
    try:
        network_plan(content)
    except ModelError:
        return False
    return True


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
