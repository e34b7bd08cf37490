"""Small network plans with every kind of operator, from which fuzzing begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from aecodec.network.convolutions import packed
from aecodec.network.plan import (
    ANY_SIDE,
    Kind,
    Offset,
    Plan,
    Shape,
    Side,
    assign_slots,
    fixed,
    four,
    pair,
)
from aecodec.network.reductions import exponentials

_SIZES = ((4, 4), (0, 0))
_SCALE = (0x40000000, -3)
_CHANNELS = 5


def plans() -> Iterator[tuple[str, bytes]]:
    """Names and bytes of plans of the first kinds, for inputs of 4 x 4 x 5 or of any size."""
    yield "filtering", _filtering()
    for size in _SIZES:
        for kind in filter(Kind.PRELU.__ge__, Kind):
            yield f"{kind.name.lower()}_{size[0]}", _plan(kind, size)


def later_plans() -> Iterator[tuple[str, bytes]]:
    """More of them: kinds that came later, and pairs whose first input is stretched."""
    for size in _SIZES:
        for kind in filter(Kind.PRELU.__lt__, Kind):
            yield f"{kind.name.lower()}_{size[0]}", _plan(kind, size)
        for kind in _PAIRS:
            yield f"stretched_{kind.name.lower()}_{size[0]}", _plan(kind, size, stretched=0)


def _filtering() -> bytes:
    """A convolution that Winograd's minimal filtering takes, of any size."""
    plan, shape = Plan((0, 0)), Shape(ANY_SIDE, ANY_SIDE, 8)
    plan.entry = plan.tensor(shape)
    kernel = (np.arange(9 * 8 * 18) % 255 - 127).astype(np.int8).reshape(18, 3, 3, 8)
    data = (Offset(plan.keep(packed(kernel))), _scaling(plan, 20))
    window = (pair(3, 3), pair(1, 1), pair(1, 1))
    output = plan.tensor(Shape(ANY_SIDE, ANY_SIDE, 18))
    plan.exit = plan.add(Kind.CONVOLUTION, [plan.entry], output, *window, *data, _ENDS)
    assign_slots(plan, 4, 4)
    return plan.as_bytes()


def _plan(kind: Kind, size: tuple[int, int], stretched: int = 1) -> bytes:
    """An operator of this kind after another; one of the first kinds is before another, too.

    Args:
        kind: the operator.
        size: rows and columns of the input; 0 for any.
        stretched: which input of a pair is one pixel, and is stretched over the other.
    """
    plan = Plan(size)
    side = fixed(4) if size[0] else ANY_SIDE
    plan.entry = plan.tensor(Shape(side, side, _CHANNELS))
    table = Offset(plan.keep(np.arange(256).astype(np.int8)))
    first = plan.add(Kind.TABLE, [plan.entry], plan.tensor(Shape(side, side, _CHANNELS)), table)
    plan.exit = _operator(plan, kind, first, side, stretched)
    if kind <= Kind.PRELU:
        shape = plan.tensors[plan.exit].shape
        plan.exit = plan.add(Kind.COPY, [plan.exit], plan.tensor(shape))
    assign_slots(plan, 4, 4)
    return plan.as_bytes()


class _Case(NamedTuple):
    """An operator: its inputs, the shape of its output, and its parameters."""

    inputs: list[int]
    output: Shape
    parameters: tuple[int, ...]


_WINDOW = (pair(3, 2), pair(1, 1), pair(1, 0))
_ENDS = four(3, -1, -90, 90)
_OF_TWO = (four(1, 2, 3), four(-100, 100), *_SCALE, *_SCALE, *_SCALE)
_PAIRS = (
    Kind.SUM,
    Kind.PRODUCT,
    Kind.MAXIMUM,
    Kind.MINIMUM,
    Kind.SQUARED_DIFFERENCE,
    Kind.PRELU,
)


def _operator(plan: Plan, kind: Kind, entry: int, side: Side, stretched: int) -> int:
    if kind in _PAIRS:
        case = _pair(plan, entry, side, stretched)
    else:
        case = (_cases if kind <= Kind.PRELU else _later_cases)(plan, entry, side, kind)
    return plan.add(kind, case.inputs, plan.tensor(case.output), *case.parameters)


def _pair(plan: Plan, entry: int, side: Side, stretched: int) -> _Case:
    small, inputs = Shape(fixed(1), fixed(1), _CHANNELS), [entry]
    inputs.insert(stretched, plan.constant(small, np.arange(_CHANNELS).astype(np.int8)))
    return _Case(inputs, Shape(side, side, _CHANNELS), _OF_TWO)


def _cases(plan: Plan, entry: int, side: Side, kind: Kind) -> _Case:
    same, alone = Shape(side, side, _CHANNELS), [entry]
    if kind is Kind.DEPTH_TO_SPACE:
        alone = [plan.add(Kind.CONCATENATION, alone * 4, plan.tensor(Shape(side, side, 20)), 2)]
    double, triple = side.multiplied(2), side.multiplied(3)
    moves = np.array([1, 1, 1, 4, 4, 5, 0, 0, 0, 5, 20, 1, 0], np.int32)
    point = Shape(fixed(1), fixed(1), _CHANNELS)
    kernel = (np.arange(570) % 255 - 127).astype(np.int8).reshape(19, 3, 2, 5)
    convolved = (*_WINDOW, Offset(plan.keep(packed(kernel))), _scaling(plan, 20), _ENDS)
    apart = (*_WINDOW, _weights(plan, 60), _scaling(plan, 12), _ENDS, 2)
    return {
        Kind.CONVOLUTION: _Case(alone, Shape(side, side, 19), convolved),
        Kind.DEPTHWISE: _Case(alone, Shape(side, side, 2 * _CHANNELS), apart),
        Kind.TABLE: _Case(alone, same, (_weights(plan, 256),)),
        Kind.DEPTH_TO_SPACE: _Case(alone, Shape(double, double, _CHANNELS), (2,)),
        Kind.SPACE_TO_DEPTH: _Case(
            alone, Shape(side.divided(2), side.divided(2), 4 * _CHANNELS), (2,)
        ),
        Kind.CONCATENATION: _Case([entry, entry], Shape(side, side, 2 * _CHANNELS), (2,)),
        Kind.COPY: _Case(alone, same, ()),
        Kind.WINDOW: _Case(alone, Shape(side.plus(2), side.plus(-1), _CHANNELS), (-1, 1, four(7))),
        Kind.MAXIMUM_POOL: _Case(alone, same, (*_WINDOW, four(-100, 100))),
        Kind.MEAN_POOL: _Case(alone, same, (*_WINDOW, four(-100, 100))),
        Kind.REDUCTION: _Case(alone, point, (0, 0, four(1, 2), *_SCALE)),
        Kind.NEAREST: _Case(alone, Shape(double, triple, _CHANNELS), (pair(2, 3),)),
        Kind.BILINEAR: _Case(alone, Shape(double, triple, _CHANNELS), (2,)),
        Kind.MOVE: _Case(alone, Shape(fixed(4), fixed(4), _CHANNELS), (Offset(plan.keep(moves)),)),
    }[kind]


def _later_cases(plan: Plan, entry: int, side: Side, kind: Kind) -> _Case:
    shares = Offset(plan.keep(exponentials(0.01)))
    numbers = np.arange(64 * _CHANNELS).astype(np.int8)  # to the end of the plan
    matrix = plan.constant(Shape(fixed(1), fixed(64), _CHANNELS), numbers)
    wide = Shape(side.plus(3), side.plus(1), _CHANNELS)
    words = np.arange(1 + _CHANNELS, dtype=np.int32)
    worth, digits = Offset(plan.keep(words)), _weights(plan, 6)
    scores = Offset(plan.keep(np.arange(-7, 8, dtype=np.int16)))
    return {
        Kind.MIRROR: _Case([entry], wide, (-2, -1, 1)),
        Kind.SOFTMAX: _Case([entry], Shape(side, side, _CHANNELS), (shares,)),
        Kind.MATRICES: _Case([entry, matrix], Shape(side, side, 64), _OF_TWO),
        Kind.LOOKUP: _Case([entry], Shape(side, side, 3), (4, 1, _weights(plan, 12), worth)),
        Kind.SEARCH: _Case(
            [entry], Shape(side, side, 2), (3, scores, Offset(plan.keep(words[:3])), digits)
        ),
    }[kind]


def _weights(plan: Plan, count: int) -> Offset:
    return Offset(plan.keep((np.arange(count) * 29 % 255 - 127).astype(np.int8)))


def _scaling(plan: Plan, count: int) -> Offset:
    rows = [np.arange(count), np.full(count, _SCALE[0]), np.full(count, -7)]
    return Offset(plan.keep(np.array(rows, np.int32)))
