"""One vector of the golden file `photo`, traced through section 4 of the format in plain integers.

It follows the specification word by word, and shares no code with the package but for reading the
arrays: `docs/FORMAT.md` shows what it writes, and a test holds the two to what the decoder does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from helpers.codecs.golden import GOLDEN, codec_of

from aecodec.data.codecs import name_of
from aecodec.entropy.prior import Prior

NAME = "photo"
ROW, COLUMN = 0, 1
PLACES = 4
_STRAIGHT = 1


@dataclass(frozen=True)
class Traced:
    """What is worked out for the channel at one place of the order."""

    place: int
    channel: int
    table: int
    own_offset: int
    y: tuple[int, int]
    moved: int
    position: int
    shape: int
    row: int
    offset: int
    code: int
    column: int
    u: int


def clip(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))


class Trace:
    """The vector in the first half of the last pass: straight neighbours at a distance of 1."""

    def __init__(self) -> None:
        self.data = (GOLDEN / f"{NAME}.aec").read_bytes()
        self.codec = codec_of(self.data)
        self.level = self.codec.decoder.level_of(self.data)
        self.prior: Prior = self.codec.folder.prior(self.level)
        size = self.codec.decompress(self.data).size
        self.rows, self.columns = -(-size[1] // 16), -(-size[0] // 16)
        codes = np.load(GOLDEN / f"{NAME}.npy")
        self.codes = codes.reshape(self.rows, self.columns, -1).tolist()
        self.net, self.spatial = self.prior.context, self.prior.context.spatial
        self.order = self.net.order.tolist()

    @cached_property
    def neighbours(self) -> list[tuple[int, int]]:
        """(row, column) above, below, left and right, missing ones replaced."""
        pairs = [[(ROW - 1, COLUMN), (ROW + 1, COLUMN)], [(ROW, COLUMN - 1), (ROW, COLUMN + 1)]]
        for pair in pairs:
            for n in (0, 1):
                if not self._is_inside(pair[n]):
                    pair[n] = pair[1 - n]
        whole = [pair if self._is_inside(pair[0]) else pairs[1 - n] for n, pair in enumerate(pairs)]
        return whole[0] + whole[1]

    def _is_inside(self, place: tuple[int, int]) -> bool:
        return 0 <= place[0] < self.rows and 0 <= place[1] < self.columns

    def w(self, place: tuple[int, int], i: int) -> int:
        code = self.codes[place[0]][place[1]][self.order[i]]
        return clip(code, -128, 127) - int(self.spatial.centre[i])

    def around(self, i: int) -> list[int]:
        return [self.w(each, i) for each in self.neighbours]

    def m(self, i: int) -> int:
        return sum(map(abs, self.around(i)))

    def d(self, i: int) -> list[int]:
        first, second, third, fourth = self.around(i)
        return [first + second, third + fourth, first - second, third - fourth]

    def shift(self, i: int) -> int:
        return int(self.net.input_shift[i])

    @cached_property
    def v(self) -> list[int]:
        return [min((self.m(i) << self.shift(i)) >> 2, 127) for i in range(len(self.order))]

    @cached_property
    def u(self) -> list[int]:
        own = (ROW, COLUMN)
        return [min(abs(self.w(own, i)) << self.shift(i), 127) for i in range(len(self.order))]

    def h(self, j: int) -> int:
        total = sum(self.u[n] * int(self.net.weights[n, j]) for n in range(self.net.degree[j]))
        around = self.spatial.weights[_STRAIGHT, :, j].tolist()
        total += sum(v * weight for v, weight in zip(self.v, around, strict=True))
        bias = int(self.net.bias[0, j]) + int(self.spatial.bias[_STRAIGHT, j])
        return clip((total >> int(self.net.unit_shift[j])) + bias, 0, 127)

    @cached_property
    def all_h(self) -> list[int]:
        return [self.h(j) for j in range(len(self.net.degree))]

    def y(self, i: int, o: int) -> int:
        known = [j for j, degree in enumerate(self.net.degree) if degree <= i]
        total = sum(self.all_h[j] * int(self.net.output_weights[i, j, o]) for j in known)
        shift = int(self.net.output_shift[i, o])
        return (total + ((1 << shift) >> 1)) >> shift

    def moved(self, i: int) -> int:
        """What the gradients add to the position."""
        predicted = self.spatial.gradient_shift.shape[1]
        if i >= predicted:
            return 0
        weights = self.spatial.gradient_weights[_STRAIGHT, i].tolist()
        total = 0
        for n in range(predicted):
            for b, each in enumerate(self.d(n)):
                total += clip(each << self.shift(n), -511, 511) * weights[b][n]
        shift = int(self.spatial.gradient_shift[_STRAIGHT, i])
        return (total + ((1 << shift) >> 1)) >> shift

    def traced(self, i: int) -> Traced:
        k = self.order[i]
        table, own = int(self.prior.table[0, k]), int(self.prior.offset[0, k])
        y, moved = (self.y(i, 0), self.y(i, 1)), self.moved(i)
        position = 8 * own + table % 8 + y[0] + moved
        shape = clip((table >> 3) + y[1], 0, len(self.prior.bank) // 8 - 1)
        offset, code = position >> 3, self.codes[ROW][COLUMN][k]
        column = code - self.prior.first - offset
        row = 8 * shape + position % 8
        return Traced(
            i, k, table, own, y, moved, position, shape, row, offset, code, column, self.u[i]
        )

    def text(self) -> str:
        """The part of the specification that shows all this."""
        places = [self.traced(i) for i in range(PLACES)]
        first = "".join(self._neighbours_row(each) for each in places)
        second = "".join(self._table_row(each) for each in places)
        third = "".join(self._symbol_row(each) for each in places)
        last = PLACES - 1
        degrees_of = self.net.degree.tolist()
        units = [n for degree in (0, 1, 2) for n in _first_of(degrees_of, degree)]
        hidden = " ".join(f"{self.all_h[j]}" for j in units)
        degrees = " ".join(str(self.net.degree[j]) for j in units)
        known = [sum(self.net.degree <= i) for i in range(PLACES)]
        return f"""
The vector at row {ROW}, column {COLUMN} of the golden file `{NAME}.aec` (codec `{name_of(self.codec.spec.codec_id)}`): level {self.level:g}, one
segment of {self.rows} rows and {self.columns} columns, P = {self.prior.priors}, so there is no index; K = {len(self.order)}, T = {len(self.prior.bank)}, S = {self.prior.symbols}, first = {self.prior.first}. It is
coded in the last pass (straight, d = 1), in its first half. No vector lies above it, so the vector below replaces it: the four neighbours are, as
(row, column), {", ".join(map(str, self.neighbours))}. Places 0 to {last} of the order:

| i | channel k | `input_shift` | `centre` | w of the neighbours | m | d | v | code x | u |
|---|---|---|---|---|---|---|---|---|---|
{first}
The first four units of each `degree` at these places:

    j      = {" ".join(map(str, units))}
    degree = {degrees}
    h      = {hidden}

{", ".join(map(str, known))} units are known at places 0 to {last}.

| i | `table` | `offset` | y[0] | gradients add | y[1] | position | shape | row | offset for k |
|---|---|---|---|---|---|---|---|---|---|
{second}
| i | code x | column | frequency f of 65536 | cumulative frequency c |
|---|---|---|---|---|
{third}"""

    def _neighbours_row(self, each: Traced) -> str:
        i, centre = each.place, self.spatial.centre[each.place]
        cells = i, each.channel, self.shift(i), centre, _list(self.around(i)), self.m(i)
        return _cells(*cells, _list(self.d(i)), self.v[i], each.code, each.u)

    def _table_row(self, each: Traced) -> str:
        moved = each.y[0], each.moved, each.y[1]
        table = each.place, each.table, each.own_offset
        return _cells(*table, *moved, each.position, each.shape, each.row, each.offset)

    def _symbol_row(self, each: Traced) -> str:
        row = self.prior.bank[each.row].tolist()
        if not 0 <= each.column < self.prior.symbols:
            return _cells(each.place, each.code, "escape", row[-1], sum(row[:-1]))
        return _cells(each.place, each.code, each.column, row[each.column], sum(row[: each.column]))


def _first_of(degrees: list[int], degree: int) -> list[int]:
    return [j for j, each in enumerate(degrees) if each == degree][:4]


def _list(values: list[int]) -> str:
    return " ".join(map(str, values))


def _cells(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |\n"
