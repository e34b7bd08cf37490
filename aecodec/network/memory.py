"""The memory of a network plan: its size, and the tensors that share it."""

import math

import numpy as np

from aecodec.network.plan import Kind, Operator, Place, Plan, Side

_ALIGNMENT, _GROUP = 16, 4
_HEAD, _TENSOR, _OPERATOR = 16, 8, 16


def assign_slots(plan: Plan, rows: int, columns: int) -> None:
    """Assign each tensor that an operator writes to a slot or to the output.

    The memory is small for an input with this many rows and columns.
    """
    plan.tensors[plan.entry].place = Place.INPUT
    plan.tensors[plan.exit].place = Place.OUTPUT
    slots = _Slots(plan, (rows, columns))
    for number, operator in enumerate(plan.operators):
        slots.place(number, operator)
    plan.slots = len(slots.sizes)


class _Slots:
    """The sizes of all slots so far, and the free slots."""

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
        """Place an operator's output, and free the slots of tensors that are not read again."""
        output = self._plan.tensors[operator.output]
        ending = [tensor for tensor in set(operator.inputs) if self._last[tensor] == number]
        if output.place is None:
            shared = [tensor for tensor in ending if self._may_share(operator, tensor)]
            output.place = self._slot_of(shared[0]) if shared else self._free_slot(operator.output)
        self._free.discard(output.place)
        places = {self._slot_of(tensor) for tensor in ending}
        self._free |= {at for at in places if at < Place.INPUT and at != output.place}

    def _may_share(self, operator: Operator, tensor: int) -> bool:
        """Whether an operator may overwrite a tensor that it reads."""
        is_slot = self._slot_of(tensor) < Place.INPUT
        shapes = [self._plan.tensors[number].shape for number in (tensor, operator.output)]
        is_alike = shapes[0] == shapes[1] or self._bytes_of(tensor) == self._bytes_of(
            operator.output
        )
        return operator.kind.works_in_place and is_slot and is_alike

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
        best = (
            min(fitting, key=self.sizes.__getitem__)
            if fitting
            else max(self._free, key=self.sizes.__getitem__)
        )
        self.sizes[best] = max(size, self.sizes[best])
        return best


def work_size(plan: bytes, rows: int, columns: int) -> int:
    """Bytes of working memory that C computes for a plan with portable kernels."""
    words = np.frombuffer(plan, "<i4", len(plan) // 4)
    start, stop = _HEAD + _TENSOR * words[3], _HEAD + _TENSOR * words[3] + _OPERATOR * words[4]
    tensors = words[_HEAD:start].reshape(-1, _TENSOR).tolist()
    operators = words[start:stop].reshape(-1, _OPERATOR).tolist()
    shapes = [_shape(tensor, rows, columns) for tensor in tensors]
    slots = [1] * words[5]
    for (place, *_), shape in zip(tensors, shapes, strict=True):
        if place < Place.INPUT:
            slots[place] = max(slots[place], math.prod(shape))
    convolutions = (operator for operator in operators if operator[0] == Kind.CONVOLUTION)
    packed = max((_packed(operator, shapes) for operator in convolutions), default=0)
    return _ALIGNMENT - 1 + _aligned(4 * len(slots)) + sum(map(_aligned, slots)) + packed


def _shape(tensor: list[int], rows: int, columns: int) -> tuple[int, int, int]:
    """Shape of a tensor for an input size, from the words of the plan."""
    down, across = (Side(tensor[n] & 0xFFFF, tensor[n] >> 16, tensor[n + 1]) for n in (3, 5))
    return down.of(rows), across.of(columns), tensor[2]


def _packed(operator: list[int], shapes: list[tuple[int, int, int]]) -> int:
    """Bytes of the inputs of a convolution for one row of its output."""
    channels, wide = shapes[operator[1] & 0xFFFF][2], shapes[operator[3]][1]
    size, steps = operator[4:6]
    return (size & 0xFFFF) * ((wide - 1) * (steps >> 16) + (size >> 16)) * channels + _GROUP


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
