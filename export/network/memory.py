"""How much memory a network plan takes as it runs, as `aecodec_network.c` computes it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from aecodec.export.network.plan import Kind, Place
from aecodec.export.network.side import Side

_ALIGNMENT, _GROUP = 16, 4
_HEAD, _TENSOR, _OPERATOR = 16, 8, 16


class _Words(NamedTuple):
    """The words of a plan."""

    head: list[int]
    tensors: list[list[int]]
    operators: list[list[int]]

    def shape(self, number: int, rows: int, columns: int) -> tuple[int, int, int]:
        """Shape of a tensor for an input of this size."""
        tensor = self.tensors[number]
        sides = [_side(tensor[at], tensor[at + 1]) for at in (3, 5)]
        return sides[0].of(rows), sides[1].of(columns), tensor[2]


def work_size(plan: bytes, rows: int, columns: int) -> int:
    """Bytes of working memory that a plan takes with portable kernels.

    Args:
        plan: the plan.
        rows: rows of the input.
        columns: its columns.
    """
    words = _words(plan)
    slots = [1] * words.head[5]
    for number, tensor in enumerate(words.tensors):
        if tensor[0] < Place.INPUT:
            size = math.prod(words.shape(number, rows, columns))
            slots[tensor[0]] = max(slots[tensor[0]], size)
    packed = [
        _packed(words, operator, rows, columns)
        for operator in words.operators
        if operator[0] == Kind.CONVOLUTION
    ]
    table = _aligned(4 * len(slots))
    return _ALIGNMENT - 1 + table + sum(map(_aligned, slots)) + max(packed, default=0)


def _words(plan: bytes) -> _Words:
    words = np.frombuffer(plan[: len(plan) // 4 * 4], "<i4").tolist()
    tensors, operators = words[3:5]
    start = _HEAD + _TENSOR * tensors
    return _Words(
        words[:_HEAD],
        [words[at : at + _TENSOR] for at in range(_HEAD, start, _TENSOR)],
        [words[start + _OPERATOR * n : start + _OPERATOR * (n + 1)] for n in range(operators)],
    )


def _side(fraction: int, more: int) -> Side:
    return Side(fraction & 0xFFFF, fraction >> 16, more)


def _packed(words: _Words, operator: list[int], rows: int, columns: int) -> int:
    """Bytes of the rows that a convolution sees at once, for one row of its output."""
    channels = words.tensors[operator[1] & 0xFFFF][2]
    wide = words.shape(operator[3], rows, columns)[1]
    size, steps = operator[4:6]
    return (size & 0xFFFF) * ((wide - 1) * (steps >> 16) + (size >> 16)) * channels + _GROUP


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
