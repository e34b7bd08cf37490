"""Selection of layers that compute in floats, because int8 would lose too much.

Some activations, such as mish, consist of several operators whose intermediate values do not fit
int8. If such a layer is a function of one tensor, it may compute in floats, which become a table of
256 results in the codec. Each layer is tried in floats while all other layers compute in int8. Then
the layers that add the largest errors compute in floats, as few as the allowed error requires. For
the problem, see B. Wu et al., "Mixed precision quantization of ConvNets via differentiable neural
architecture search", 2018. The greedy choice by sensitivity follows TensorFlow Lite's
QuantizationDebugger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aecodec.errors import ModelError
from aecodec.export.tflite.calibrated import CalibratedModel
from aecodec.export.tflite.conversion import layer_of
from aecodec.network.convert import network_plan

Error = Callable[[bytes], float]
"""Computes the squared error of the pictures for the content of an int8 model."""


@dataclass(frozen=True)
class Damage:
    """The squared error that a layer adds to the pictures by computing in int8."""

    layer: str
    error: float


@dataclass(frozen=True)
class MixedModel:
    """An int8 `.tflite` model, some of whose layers may compute in floats that become tables.

    `error` is the squared error of the pictures. `damages` are those of all layers, the largest
    first; empty if full int8 was sufficient. Transposed convolutions are not measured.
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
    in_turn = {layer: model.quantized(names) for layer, names in operators.items()}
    damages = [Damage(layer, error - error_of(without)) for layer, without in in_turn.items()]
    damages.sort(key=lambda damage: -damage.error)
    candidates, in_floats = [MixedModel(content, error, tuple(damages))], tuple[str, ...]()
    for layer in (damage.layer for damage in damages if _has_plan(in_turn[damage.layer])):
        in_floats += (layer,)
        content = model.quantized([name for layer in in_floats for name in operators[layer]])
        candidates.append(MixedModel(content, error_of(content), tuple(damages), in_floats))
        if candidates[-1].error <= allowed:
            break
    return min(candidates, key=lambda candidate: candidate.error)


def _has_plan(content: bytes) -> bool:
    """Whether the library runs a model, whose floats then are functions of one tensor."""
    try:
        network_plan(content)
    except ModelError:
        return False
    return True


def _by_layer(operators: Sequence[str], layers: Sequence[str]) -> dict[str, list[str]]:
    """Names of operators by layer.

    >>> _by_layer(["model_1/mish_1/Exp", "model_1/mish_1/a;x/b"], ["mish"])
    {'mish': ['model_1/mish_1/Exp', 'model_1/mish_1/a;x/b']}
    """
    by_layer: dict[str, list[str]] = {}
    for name in operators:
        by_layer.setdefault(layer_of(name, layers), []).append(name)
    return by_layer
