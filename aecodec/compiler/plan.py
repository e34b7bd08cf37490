"""Network plans: their tensors, operators and data, their memory, and their form as bytes."""

from __future__ import annotations

import math
from enum import IntEnum
from math import gcd, lcm
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.base.errors import ModelError


class Side(NamedTuple):
    """A side of a tensor: `times` / `by` times the input's side, plus `more`.

    The input's side is a multiple of `by`.

    >>> Side(1, 1, 0).divided(2).plus(-1)
    Side(times=1, by=2, more=-1)
    >>> Side(1, 2, -1).of(20)
    9
    """

    times: int
    by: int
    more: int

    def of(self, side: int) -> int:
        return side * self.times // self.by + self.more

    @property
    def is_fixed(self) -> bool:
        return self.times == 0

    def plus(self, more: int) -> Side:
        return self._replace(more=self.more + more)

    def multiplied(self, factor: int) -> Side:
        return _reduced(self.times * factor, self.by, self.more * factor)

    def divided(self, divisor: int, *, up: bool = False) -> Side:
        more = -(-self.more // divisor) if up else self.more // divisor
        return _reduced(self.times, self.by * divisor, more)


def fixed(side: int) -> Side:
    return Side(0, 1, side)


ANY_SIDE = Side(1, 1, 0)


def _reduced(times: int, by: int, more: int) -> Side:
    if times == 0:
        return Side(0, 1, more)
    common = gcd(times, by)
    return Side(times // common, by // common, more)


MAGIC, VERSION = b"AECN", 1
MOST_INPUTS = 4
MOST = 1 << 12
_NONE = 0xFFFF
_ALIGNMENT = 64


Kind = IntEnum(
    "Kind",
    "CONVOLUTION DEPTHWISE SUM PRODUCT MAXIMUM MINIMUM TABLE DEPTH_TO_SPACE SPACE_TO_DEPTH "
    "CONCATENATION COPY WINDOW MAXIMUM_POOL MEAN_POOL REDUCTION NEAREST BILINEAR MOVE "
    "SQUARED_DIFFERENCE PRELU MIRROR SOFTMAX MATRICES LOOKUP SEARCH",
)
"""Kinds of operators, numbered from 1 as in `aecodec_operator_table.h`."""

_IN_PLACE = (
    *(Kind.SUM, Kind.PRODUCT, Kind.MAXIMUM, Kind.MINIMUM, Kind.TABLE, Kind.COPY),
    *(Kind.SQUARED_DIFFERENCE, Kind.PRELU, Kind.SOFTMAX),
)


class Place(IntEnum):
    INPUT = 0x10000
    OUTPUT = 0x10001
    CONSTANT = 0x10002


class Shape(NamedTuple):
    """Shape of a tensor: rows and columns, which may depend on the input, and channels."""

    rows: Side
    columns: Side
    channels: int

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.rows, self.columns

    def of(self, rows: int, columns: int) -> tuple[int, int, int]:
        return self.rows.of(rows), self.columns.of(columns), self.channels


class Tensor:
    """A tensor of a plan, in a slot or a `Place`; constants lie at an offset within the data."""

    def __init__(self, shape: Shape, place: int | None = None, offset: int = 0) -> None:
        self.shape, self.place, self.offset = shape, place, offset


class Operator(NamedTuple):
    """An operator of a plan, with at most twelve words as parameters."""

    kind: Kind
    inputs: list[int]
    output: int
    parameters: list[int]


class Plan:
    """A network plan under construction; its size is (0, 0) if the network accepts any size.

    `entry` and `exit` are numbers of tensors; `slots` are the sizes of the slots in bytes.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.tensors: list[Tensor] = []
        self.operators: list[Operator] = []
        self.data: list[npt.NDArray[Any]] = []
        self.slots: list[int] = []
        self.data_size = self.entry = self.exit = 0

    def tensor(self, shape: Shape) -> int:
        self.tensors.append(Tensor(shape))
        return len(self.tensors) - 1

    def constant(self, shape: Shape, values: npt.NDArray[np.int8]) -> int:
        self.tensors.append(Tensor(shape, Place.CONSTANT, self.keep(values)))
        return len(self.tensors) - 1

    def keep(self, values: npt.NDArray[Any]) -> int:
        offset, padding = self.data_size, np.zeros(-values.nbytes % _ALIGNMENT, np.uint8)
        self.data += [np.ascontiguousarray(values), padding]
        self.data_size += values.nbytes + len(padding)
        return offset

    def add(self, kind: Kind, inputs: list[int], output: int, *parameters: int) -> int:
        self.operators.append(Operator(kind, inputs, output, list(parameters)))
        return output

    def as_bytes(self) -> bytes:
        """The plan as `aecodec_network.c` reads it; ModelError if it exceeds a limit of C."""
        if max(len(self.tensors), len(self.operators)) > MOST:
            raise ModelError(f"the network has more than {MOST} tensors or operators")
        head = 4 * (16 + 8 * len(self.tensors) + 16 * len(self.operators))
        start = -(-head // _ALIGNMENT) * _ALIGNMENT
        words = [
            int.from_bytes(MAGIC, "little"),
            VERSION,
            start + self.data_size,
            len(self.tensors),
            len(self.operators),
            len(self.slots),
            *self.size,
            *(lcm(*(tensor.shape.sides[axis].by for tensor in self.tensors)) for axis in (0, 1)),
            self.entry,
            self.exit,
            *(0,) * 4,
        ]
        for tensor in self.tensors:
            words += _tensor_words(tensor, start)
        for operator in self.operators:
            words += _operator_words(operator, start)
        table = np.array([word & 0xFFFFFFFF for word in words], "<u4").tobytes()
        return b"".join([table.ljust(start, b"\0"), *(values.data for values in self.data)])


class Offset(int):
    """An operator's parameter that is an offset in the data."""


def pair(low: int, high: int) -> int:
    return low | high << 16


def four(*numbers: int) -> int:
    return sum((number & 0xFF) << 8 * place for place, number in enumerate(numbers))


def _tensor_words(tensor: Tensor, start: int) -> list[int]:
    assert tensor.place is not None
    shape, offset = tensor.shape, tensor.offset
    if tensor.place == Place.CONSTANT:
        offset += start
    sides = [(pair(side.times, side.by), side.more) for side in shape.sides]
    return [tensor.place, offset, shape.channels, *sides[0], *sides[1], 0]


def _operator_words(operator: Operator, start: int) -> list[int]:
    reads = [*operator.inputs, *(_NONE,) * (MOST_INPUTS - len(operator.inputs))]
    parameters = [
        number + start if isinstance(number, Offset) else number for number in operator.parameters
    ]
    return [
        operator.kind,
        pair(reads[0], reads[1]),
        pair(reads[2], reads[3]),
        operator.output,
        *parameters,
        *(0,) * (12 - len(parameters)),
    ]


def assign_slots(plan: Plan, rows: int, columns: int) -> None:
    """Assign tensors to slots, so that inputs of this size need little memory."""
    plan.tensors[plan.entry].place = Place.INPUT
    plan.tensors[plan.exit].place = Place.OUTPUT
    slots = _Slots(plan, (rows, columns))
    for number, operator in enumerate(plan.operators):
        slots.place(number, operator)
    plan.slots = slots.sizes


class _Slots:
    def __init__(self, plan: Plan, size: tuple[int, int]) -> None:
        self._plan, self._size = plan, size
        self._last = {
            tensor: number
            for number, operator in enumerate(plan.operators)
            for tensor in operator.inputs
        }
        self.sizes: list[int] = []
        self._free: set[int] = set()

    def place(self, number: int, operator: Operator) -> None:
        output = self._plan.tensors[operator.output]
        ending = [tensor for tensor in set(operator.inputs) if self._last[tensor] == number]
        if output.place is None:
            shared = [tensor for tensor in ending if self._may_share(operator, tensor)]
            output.place = self._slot_of(shared[0]) if shared else self._free_slot(operator.output)
        self._free.discard(output.place)
        places = {self._slot_of(tensor) for tensor in ending}
        self._free |= {at for at in places if at < Place.INPUT and at != output.place}

    def _may_share(self, operator: Operator, tensor: int) -> bool:
        is_slot = self._slot_of(tensor) < Place.INPUT
        is_alike = self._bytes_of(tensor) == self._bytes_of(operator.output)
        return operator.kind in _IN_PLACE and is_slot and is_alike

    def _slot_of(self, tensor: int) -> int:
        place = self._plan.tensors[tensor].place
        assert place is not None
        return place

    def _bytes_of(self, tensor: int) -> int:
        return math.prod(self._plan.tensors[tensor].shape.of(*self._size))

    def _free_slot(self, tensor: int) -> int:
        """The free slot that fits best; if none is large enough, the largest grows."""
        size = self._bytes_of(tensor)
        if not self._free:
            self.sizes.append(size)
            return len(self.sizes) - 1
        fitting = [slot for slot in self._free if self.sizes[slot] >= size]
        size_of = self.sizes.__getitem__
        best = min(fitting, key=size_of) if fitting else max(self._free, key=size_of)
        self.sizes[best] = max(size, self.sizes[best])
        return best
