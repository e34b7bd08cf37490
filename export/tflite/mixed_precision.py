"""Which layers compute in floats, where int8 would lose too much.

An int8 activation that is not a table of one tensor, such as mish or a normalization by what is
measured in the picture, is several operators whose intermediate values int8 cannot hold. Each layer
is tried alone in int8, with all others in floats; those that do most damage stay in floats, as few
as keep the error within what is allowed. See B. Wu et al., "Mixed precision quantization of
ConvNets via differentiable neural architecture search", 2018, for the problem; the greedy choice by
sensitivity is that of TensorFlow Lite's QuantizationDebugger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aecodec.export.tflite.calibrated import CalibratedModel, Operator
from aecodec.export.tflite.layer_names import layer_of

Error = Callable[[bytes], float]
"""Squared error of the pictures that an int8 model leads to."""


@dataclass(frozen=True)
class Damage:
    """What a layer costs in int8.

    Attributes:
        layer: name of the layer.
        error: squared error of the pictures if this layer alone computes in int8.
    """

    layer: str
    error: float


@dataclass(frozen=True)
class MixedModel:
    """An int8 model, some layers of which may compute in floats.

    Attributes:
        content: content of a `.tflite` file.
        error: squared error of the pictures.
        damages: what each layer costs in int8, the worst first; empty if int8 alone was enough.
        in_floats: names of the layers that compute in floats.
    """

    content: bytes
    error: float
    damages: tuple[Damage, ...] = ()
    in_floats: tuple[str, ...] = ()


def with_enough_precision(
    model: CalibratedModel, layers: Sequence[str], error_of: Error, allowed: float
) -> MixedModel:
    """The int8 model, with as few layers in floats as keep its error within what is allowed.

    Args:
        model: a calibrated model.
        layers: names of the layers of the Keras model that it was made of.
        error_of: measures an int8 model.
        allowed: most squared error.
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
    """Try the worst layer in floats, then the two worst, and so on."""
    names = [damage.layer for damage in damages]
    best: MixedModel | None = None
    for count in range(1, len(names) + 1):
        chosen = tuple(names[:count])
        content = model.quantized([each for name in chosen for each in operators[name]])
        found = MixedModel(content, error_of(content), damages, chosen)
        if found.error <= allowed:
            return found
        best = found if best is None or found.error < best.error else best
    assert best
    return best


def _damages(
    model: CalibratedModel, operators: dict[str, list[str]], error_of: Error
) -> tuple[Damage, ...]:
    damages = []
    for layer in operators:
        others = [each for name in operators if name != layer for each in operators[name]]
        damages.append(Damage(layer, error_of(model.quantized(others))))
    return tuple(sorted(damages, key=lambda damage: -damage.error))


def _by_layer(operators: Sequence[Operator], layers: Sequence[str]) -> dict[str, list[str]]:
    """Names of operators by the layer of which they are parts; transposed convolutions together.

    >>> operators = [Operator("model_1/mish_1/Exp", False), Operator("model_1/mish_1/a;x/b", False)]
    >>> _by_layer(operators, ["mish"])
    {'mish': ['model_1/mish_1/Exp', 'model_1/mish_1/a;x/b']}
    >>> operators = [Operator("model_1/up_1", True), Operator("model_1/up_1_2", True)]
    >>> _by_layer(operators, ["up", "up_1"])
    {'up, up_1': ['model_1/up_1', 'model_1/up_1_2']}
    """
    owners = {each.name: layer_of(each.name, layers) for each in operators}
    transposed = {owners[each.name]: None for each in operators if each.is_transposed_convolution}
    found: dict[str, list[str]] = {}
    for name, layer in owners.items():
        found.setdefault(", ".join(transposed) if layer in transposed else layer, []).append(name)
    return found
