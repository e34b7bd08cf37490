"""Convert models to TFLite. If the conversion fails, the error names the layer."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Collection, Iterator
from typing import Any

import keras
import tensorflow as tf

from aecodec.base.errors import ModelError
from aecodec.codec_files.file_names import Half
from aecodec.compiler.interpreter import silent_stderr
from aecodec.compiler.model import schema
from aecodec.compiler.network_plan import check_operators
from aecodec.keras_models.codes import float_part
from aecodec.keras_models.pair import KerasPair

_MISSING = re.compile(r'"\w+:", "(?P<path>[^"@]+)@.*\'(?P<operator>tf\.\w+)\' op is neither')
"""The converter's message about a missing operator: its place in the model, and its name."""

_PLACE = re.compile(r'"\w+:", "(?P<path>[^"@]+)@')
_OPERATOR = re.compile(r"operator (\d+)")

_REPLACEMENTS = {
    "ARG_MAX": "the argmin of distances to fixed vectors, as the last step of the encoder",
    "DIV": "a multiplication by a constant, or BatchNormalization",
    "LOG_SOFTMAX": "Softmax",
    "RSQRT": "BatchNormalization, whose statistics are constants",
    "SQRT": "BatchNormalization, whose statistics are constants",
    "SQUARED_DIFFERENCE": "BatchNormalization, whose statistics are constants",
}
_OTHERWISE = "convolutions, Dense, pooling, resizing, sums, products or activations"

_REMEDIES = {
    "tf.BitwiseAnd": "Keras uses it for argmin and argmax. Use these only as the last step of the "
    "encoder, to choose the nearest vector of a single codebook, not of residual codebooks"
}
"""Advice about operators that Keras adds to its own functions."""

_ANY_SIDE = 64


def check_pair_convertible(pair: KerasPair) -> None:
    """Check in seconds that TFLite and codecs support the operators of a pair, which has no loops.

    Raises ModelError, which names the layer if possible.
    """
    for half in Half:
        _check_convertible(float_part(getattr(pair, half.value)), half.value)


def _check_convertible(model: Any, half: str) -> None:
    _check_not_recurrent(model, half)
    shape = [side or _ANY_SIDE for side in model.input_shape[1:]]
    inputs = keras.Input(batch_shape=(1, *shape))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(inputs, model(inputs)))
    try:
        with quiet():
            content = bytes(converter.convert())
    except Exception as error:  # the converter raises whatever its passes raise
        raise ModelError(
            f"the {half} cannot be converted to TFLite: {reason(model, error)}"
        ) from error
    try:
        check_operators(content)
    except ModelError as error:
        raise without_integers(content, model, half, error) from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), silent_stderr():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(level)


def without_integers(content: bytes, model: Any, half: str, error: ModelError) -> ModelError:
    """An error about an operator of a TFLite model, with the Keras layer and a replacement."""
    known = (remedy for name, remedy in _REPLACEMENTS.items() if f", {name}:" in str(error))
    return ModelError(
        f"{_layer_of_error(content, model, str(error))} of the {half} cannot run in integer "
        f"arithmetic ({error}): instead, use {next(known, _OTHERWISE)}"
    )


def _layer_of_error(content: bytes, model: Any, error: str) -> str:
    number = _OPERATOR.search(error)
    if number is None:
        return "a layer"
    (graph,) = schema.ModelT.InitFromPackedBuf(content).subgraphs
    output = graph.tensors[graph.operators[int(number[1])].outputs[0]]
    return f"layer {layer_of(output.name.decode(), {layer.name for layer in model.layers})!r}"


def _check_not_recurrent(model: Any, half: str) -> None:
    recurrent = (keras.layers.RNN, keras.layers.Bidirectional)
    for layer in model.layers:
        if isinstance(layer, recurrent):
            raise ModelError(
                f"the {half} has a loop in layer {layer.name!r}: recurrent layers cannot run "
                "in int8; use convolutions or attention instead"
            )


def reason(model: Any, error: Exception) -> str:
    names = {layer.name for layer in model.layers}
    if missing := _MISSING.search(str(error)):
        layer = layer_of(missing["path"], names)
        remedy = _REMEDIES.get(missing["operator"], "replace the layer")
        return (
            f"layer {layer!r} needs {missing['operator']}, which TFLite does not support; {remedy}"
        )
    if place := _PLACE.search(str(error)):
        layer = layer_of(place["path"], names)
        return f"layer {layer!r} is not supported; replace it"
    return _summary(error)


def _summary(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    naming = [line for line in lines if "op" in line.split() or "ops:" in line]
    return (naming or lines or [type(error).__name__])[0]


def layer_of(operator: str, layers: Collection[str]) -> str:
    """The layer of an operator, among the layers of a model; the operator's name if none fits.

    TensorFlow appends numbers to the names of layers that are called repeatedly, as here.

    >>> layer_of("model_1/dense_1/MatMul;model_1/dense_1/BiasAdd", ["dense", "dense_1"])
    'dense'
    """
    parts = operator.split(";", maxsplit=1)[0].split("/")
    known = (name for part in parts for name in (re.sub(r"_\d+$", "", part), part))
    return next((name for name in known if name in layers), operator)
