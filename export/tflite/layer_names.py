"""The layer of a TFLite operator, by its name."""

from __future__ import annotations

import re
from collections.abc import Collection


def layer_of(operator: str, layers: Collection[str]) -> str:
    """The layer of an operator, among the layers of a model; the operator's name if none fits.

    TensorFlow appends numbers to the names of layers that are called repeatedly, which all of these
    are.

    >>> layer_of("model_1/dense_1/MatMul;model_1/dense_1/BiasAdd", ["dense", "dense_1"])
    'dense'
    """
    parts = operator.split(";", maxsplit=1)[0].split("/")
    known = (name for part in parts for name in (re.sub(r"_\d+$", "", part), part))
    return next((name for name in known if name in layers), operator)
