"""Changes TFLite models as an attacker would: single bytes, and fields of the tables by themselves.

Changes to fields keep the file a right FlatBuffer, so they reach the runtime's own code, which
changes of bytes seldom do.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder

_NUMBERS = (-(2**31), -65536, -2, -1, 0, 1, 2, 3, 4, 7, 9, 127, 255, 4096, 65536, 2**24, 2**31 - 1)
_SCALES = (0.0, -1.0, 1e-45, 1e-20, 1e-6, 0.5, 1.0, 2.0, 1e6, 1e20, np.inf, np.nan)
_OF_OPERATORS = re.compile("Operator|Options")
_STRUCTURE = 4096
"""Bytes at either end of a file, where its tables lie; the middle is weights."""


def mutated_model(content: bytes, rng: random.Random) -> bytes:
    """A model with one change or a few.

    Args:
        content: content of a `.tflite` file.
        rng: draws the changes.
    """
    change = _with_other_bytes if rng.random() < 0.3 else _with_other_fields
    return change(content, rng)


def _with_other_bytes(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        near = rng.randrange(min(_STRUCTURE, len(content)))
        place = rng.choice([near, len(content) - 1 - near, rng.randrange(len(content))])
        changed[place] = rng.choice([0, 1, 4, 127, 128, 255, rng.randrange(256)])
    return bytes(changed[: rng.randrange(8, len(changed))] if rng.random() < 0.1 else changed)


def _with_other_fields(content: bytes, rng: random.Random) -> bytes:
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    fields = list(_fields(model))
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        _change(*rng.choice(rng.choice([fields, _likely(fields)])), rng)
    builder = Builder(len(content) + 1024)
    try:
        builder.Finish(model.Pack(builder), b"TFL3")
    except Exception:  # a number that its field cannot hold
        return _with_other_bytes(content, rng)
    return bytes(builder.Output())


def _likely(fields: list[tuple[Any, str]]) -> list[tuple[Any, str]]:
    """Fields of operators and of their options, which tensors outnumber."""
    names = [type(owner).__name__ for owner, _ in fields]
    return [field for field, name in zip(fields, names, strict=True) if _OF_OPERATORS.search(name)]


def _fields(owner: Any) -> Iterator[tuple[Any, str]]:
    """All fields of a table and of those that it holds, but not the data of large buffers."""
    for name, value in vars(owner).items():
        parts = value if isinstance(value, list) else [value]
        if parts and hasattr(parts[0], "Pack"):
            for part in parts:
                yield from _fields(part)
        elif not (name == "data" and value is not None and len(value) > 256):
            yield owner, name
        if isinstance(value, list) and len(value) > 1:
            yield owner, name


def _change(owner: Any, name: str, rng: random.Random) -> None:
    value = getattr(owner, name)
    if isinstance(value, bool):
        setattr(owner, name, not value)
    elif isinstance(value, float):
        setattr(owner, name, rng.choice(_SCALES))
    elif isinstance(value, int | np.integer):
        setattr(owner, name, _number(int(value), rng))
    elif isinstance(value, np.ndarray) and len(value):
        setattr(owner, name, _array(value, rng))
    elif isinstance(value, list) and value:
        setattr(owner, name, _list(value, rng))
    elif isinstance(value, bytes):
        setattr(owner, name, bytes(rng.randrange(256) for _ in range(rng.randrange(9))))
    elif name in ("shapeSignature", "zeroPoint", "intermediates"):
        setattr(owner, name, np.array([rng.choice(_NUMBERS)], np.int32))


def _number(value: int, rng: random.Random) -> int:
    return rng.choice([*_NUMBERS, value - 1, value + 1, 2 * value, -value, rng.randrange(160)])


def _array(value: np.ndarray[Any, Any], rng: random.Random) -> np.ndarray[Any, Any]:
    changed, place = value.copy(), rng.randrange(len(value))
    kind = rng.random()
    if kind < 0.15:
        return changed[: rng.randrange(len(value))]
    if kind < 0.3:
        return np.concatenate([changed, changed[: rng.randrange(1, len(value) + 1)]])
    if changed.dtype.kind == "f":
        changed[place] = rng.choice([*_SCALES, changed[place] * 2.0 ** rng.randint(-40, 40)])
    else:
        limits = np.iinfo(changed.dtype)
        wanted = _number(int(changed[place]), rng)
        changed[place] = min(max(wanted, limits.min), limits.max)
    return changed


def _list(value: list[Any], rng: random.Random) -> list[Any]:
    one, other = (rng.randrange(len(value)) for _ in range(2))
    changed = list(value)
    kind = rng.random()
    if kind < 0.3:
        del changed[one]
    elif kind < 0.6:
        changed.insert(one, changed[other])
    elif isinstance(changed[one], int):
        changed[one] = _number(changed[one], rng)
    else:
        changed[one], changed[other] = changed[other], changed[one]
    return changed
