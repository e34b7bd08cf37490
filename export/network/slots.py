"""Which tensors share memory: those that are never needed at the same time."""

from __future__ import annotations

import math

from aecodec.export.network.plan import Operator, Place, Plan


def assign_slots(plan: Plan, rows: int, columns: int) -> None:
    """Give each tensor that an operator writes a slot, or the output.

    Args:
        plan: the plan, without slots.
        rows: rows of the input for which the memory should be small.
        columns: its columns.
    """
    plan.tensors[plan.entry].place = Place.INPUT
    plan.tensors[plan.exit].place = Place.OUTPUT
    slots = _Slots(plan, (rows, columns))
    for number, operator in enumerate(plan.operators):
        slots.place(number, operator)
    plan.slots = len(slots.sizes)


class _Slots:
    """The slots so far: their sizes, and which are free."""

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
        """Place an operator's output, and free what is not read any more."""
        output = self._plan.tensors[operator.output]
        ending = [each for each in set(operator.inputs) if self._last[each] == number]
        if output.place is None:
            own = [each for each in ending if self._may_share(operator, each)]
            output.place = self._slot_of(own[0]) if own else self._free_slot(operator.output)
        self._free.discard(output.place)
        places = {self._slot_of(each) for each in ending}
        self._free |= {each for each in places if each < Place.INPUT and each != output.place}

    def _may_share(self, operator: Operator, tensor: int) -> bool:
        """Whether an operator may write its output over a tensor that it reads."""
        is_slot = self._slot_of(tensor) < Place.INPUT
        shapes = [self._plan.tensors[each].shape for each in (tensor, operator.output)]
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
        """The free slot that fits best; the largest one grows if none has room."""
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
