"""docs/FORMAT.md, sections 4 and 5: from the payload to codes."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise, product
from typing import Any

import numpy as np

RAW_BYTE = list(range(0, 65537, 256))
NONE, DIAGONAL, STRAIGHT = -1, 0, 1
# (down, across) of two pairs of opposite neighbours
NEIGHBOURS = ((-1, -1), (1, 1), (-1, 1), (1, -1)), ((-1, 0), (1, 0), (0, -1), (0, 1))


class RangeDecoder:
    """Section 5."""

    def __init__(self, message: bytes) -> None:
        self.message, self.w, self.point, self.range = message, 0, 0, 2**64 - 1
        self.read_word()
        self.read_word()

    def read_word(self) -> None:
        word = self.message[4 * self.w : 4 * self.w + 4].ljust(4, b"\0")
        self.w, self.point = self.w + 1, self.point << 32 | int.from_bytes(word, "big")

    def quantile(self, total: int = 2**24) -> int:
        """The quotient q, before its last 8 bits are dropped."""
        return self.point // (self.range // total)

    def narrow(self, c: int, f: int, total: int = 2**24) -> None:
        """Remove a symbol with the frequency f of a total; c is the sum of those below it."""
        scale = self.range // total
        self.remove(scale * c, scale * f)

    def remove(self, distance: int, width: int) -> None:
        """Go on in an interval that begins at a distance and has a width."""
        self.point, self.range = self.point - distance, width
        if self.range < 2**32:
            self.read_word()
            self.range <<= 32

    def bit(self, p: int) -> int:
        """Section 8: a bit that is 1 with a probability in 2^-16."""
        split = (self.range >> 16) * p
        bit = self.point < split
        self.remove(0 if bit else split, split if bit else self.range - split)
        return int(bit)

    def symbol(self, sums: list[int]) -> int:
        """Decode a symbol; `sums` has the sum of the frequencies below each symbol, of 65536."""
        s = bisect_right(sums, self.quantile() >> 8) - 1
        self.narrow(sums[s] << 8, sums[s + 1] - sums[s] << 8)
        return s


def segments(shape: tuple[int, int, int], side: int) -> list[tuple[slice, ...]]:
    """Section 4 with a side of 128, and section 8 with 256: planes, rows and columns."""
    together = max(1, side * side // (min(shape[1], side) * min(shape[2], side)))
    axes = [
        [slice(at, min(at + size, end)) for at in range(0, end, size)]
        for end, size in zip(shape, (together, side, side), strict=True)
    ]
    return list(product(*axes))


def passes(shape: tuple[int, ...], tables: Any) -> Iterator[tuple[int, Any, Any]]:
    """Section 4: the kind, vectors (n,) and neighbours (2, 2, n) of each pass, by their numbers."""
    planes, rows, columns = shape
    numbers = np.arange(planes * rows * columns).reshape(shape)
    if not tables.has_spatial:
        for start in range(0, numbers.size, 16384):
            yield NONE, numbers.ravel()[start : start + 16384], None
        return
    first = tables.first_step
    yield NONE, numbers[:, ::first, ::first].ravel(), None
    distances = [first >> n for n in range(1, first.bit_length())]
    for d, kind in product(distances, (DIAGONAL, STRAIGHT)):
        halves = [(d, d)] if kind == DIAGONAL else [(0, d), (d, 0)]
        vectors = [numbers[:, r :: 2 * d, c :: 2 * d].ravel() for r, c in halves]
        vector = np.concatenate(vectors)
        row, column, neighbours = vector // columns % rows, vector % columns, []
        for down, across in NEIGHBOURS[kind]:
            y, x = row + d * down, column + d * across
            is_inside = (y >= 0) & (y < rows) & (x >= 0) & (x < columns)
            neighbours.append(np.where(is_inside, vector + d * (down * columns + across), -1))
        pairs = np.reshape(neighbours, (2, 2, -1))
        pairs = np.where(pairs < 0, pairs[:, ::-1], pairs)  # the opposite neighbour
        yield kind, vector, np.where(pairs < 0, pairs[::-1], pairs)  # the other pair


def decode_message(tables: Any, message: bytes, shape: tuple[int, ...]) -> Any:
    """Section 4: the codes (N, K) of a segment."""
    codes = np.zeros((int(np.prod(shape)), tables.channels), int)
    decoder = RangeDecoder(message)
    for kind, vectors, neighbours in passes(shape, tables):
        if len(vectors):
            around = None if neighbours is None else (neighbours, codes[neighbours])
            codes[vectors] = decode_pass(tables, decoder, len(vectors), kind, around)
    return codes


def repetition(neighbours: Any, around: Any) -> tuple[Any, Any]:
    """Section 4: whether neighbours (2, 2, n) have equal codes, and these codes (n, K)."""
    is_pair, is_any = neighbours[:, 0] != neighbours[:, 1], neighbours[0, 0] != neighbours[1, 0]
    counts = np.where(is_pair.any(axis=0), is_pair, is_any)
    codes = np.where(counts[0, :, None], around[0, 0], around[1, 0])
    are_equal = (around == codes).all(axis=(1, 3)) | ~counts
    return are_equal.all(axis=0) & counts.any(axis=0), codes


def decode_pass(tables: Any, decoder: RangeDecoder, n: int, kind: int, around: Any) -> Any:
    """Section 4: the codes (n, K) of a pass; `around`: neighbours and their codes (2, 2, n, K)."""
    prior = np.zeros(n, int)
    if len(tables.index) > 1:
        prior = np.array([decoder.symbol(tables.index_sums) for _ in range(n)])
    if not tables.has_context:
        return decode_slice(tables, decoder, tables.table[prior], tables.offset[prior])
    codes, context = np.zeros((n, tables.channels), int), Context(tables, prior, kind, around)
    ends = {0, tables.channels, *tables.degree[tables.degree < tables.channels].tolist()}
    for start, stop in pairwise(sorted(ends)):
        known = decode_slice(tables, decoder, *context.tables_of(start, stop))
        codes[:, tables.order[start:stop]] = known
        context.read(start, stop, known)
    return codes


def decode_slice(tables: Any, decoder: RangeDecoder, rows: Any, offsets: Any) -> Any:
    """Section 4: the values of a slice. Arrays are (vectors, channels)."""
    row, first = rows.T.ravel(), tables.first + offsets.T.ravel()
    columns, escape = np.empty(row.size, int), tables.bank.shape[1] - 1
    for place in np.argsort(row, kind="stable").tolist():
        columns[place] = decoder.symbol(tables.sums[row[place]])
    values = columns + first
    for place in np.flatnonzero(columns == escape).tolist():
        values[place] = (decoder.symbol(RAW_BYTE) << 8 | decoder.symbol(RAW_BYTE)) - 32768
    return values.reshape(rows.T.shape).T


class Context:
    """Section 4: the context network. Arrays are by place; sums in float64 are exact."""

    def __init__(self, tables: Any, prior: Any, kind: int, around: Any) -> None:
        self.t, n, k, units = tables, len(prior), tables.channels, len(tables.degree)
        self.table, self.offset = (a[:, tables.order][prior] for a in (tables.table, tables.offset))
        self.u, self.h, self.outside = (np.zeros((n, size)) for size in (k, units, units))
        self.bias, self.gradients = tables.bias[prior], np.zeros((n, k), int)
        self.is_repeated, self.repeated = np.zeros(n, bool), np.zeros((n, k), int)
        if around is not None:
            neighbours, around = around
            self.is_repeated, self.repeated = repetition(neighbours, around[..., tables.order])
            w = np.clip(around[..., tables.order], -128, 127) - tables.centre
            m, differences = np.abs(w).sum(axis=(0, 1)), np.abs(w[:, 0] - w[:, 1]).sum(axis=0)
            m = np.where(tables.by_difference, differences, m)
            v = np.minimum((m << tables.input_shift) >> 2, 127)
            g = np.stack([*w.sum(axis=1), *(w[:, 0] - w[:, 1])], axis=1)
            g = np.clip(g << tables.input_shift, -511, 511)[..., :64].reshape(n, -1)
            sums = g.astype(float) @ tables.gradient_weights[kind].T.astype(float)
            self.gradients[:, :64] = round_shift(sums, tables.gradient_shift[kind])
            self.outside = v.astype(float) @ tables.spatial_weights[kind].T.astype(float)
            self.bias = self.bias + tables.spatial_bias[kind]

    def tables_of(self, start: int, stop: int) -> tuple[Any, Any]:
        """The rows and offsets of the places of a slice."""
        t, known, new = self.t, self.t.degree <= start, self.t.degree == start
        sums = self.u[:, :start] @ t.weights[:start, new] + self.outside[:, new]
        h = (sums.astype(int) >> t.unit_shift[new]) + self.bias[:, new]
        self.h[:, new] = np.clip(h, 0, 127)
        sums = self.h[:, known] @ t.output_weights[:, known, start:stop]
        y = round_shift(sums, t.output_shift[start:stop].T[:, None])
        table, offset = self.table[:, start:stop], self.offset[:, start:stop]
        position = 8 * offset + table % 8 + y[0] + self.gradients[:, start:stop]
        shape = np.clip((table >> 3) + y[1], 0, len(t.bank) // 8 - 1)
        is_repeated = self.is_repeated[:, None]
        position = np.where(is_repeated, 8 * self.repeated[:, start:stop] + 4, position)
        shape = np.where(is_repeated, np.minimum(shape, 4), shape)
        return 8 * shape + position % 8, position >> 3

    def read(self, start: int, stop: int, x: Any) -> None:
        """Make the codes of a slice inputs."""
        shift, places = self.t.input_shift[start:stop], slice(start, stop)
        self.is_repeated &= (x == self.repeated[:, places]).all(axis=1)
        if self.t.has_spatial:
            w = np.clip(x, -128, 127) - self.t.centre[places]
            self.u[:, places] = np.minimum(np.abs(w) << shift, 127)
        else:
            self.u[:, places] = np.clip((x - self.offset[:, places]) << shift, -127, 127)


def round_shift(a: Any, s: Any) -> Any:
    return (a.astype(int) + ((1 << s) >> 1)) >> s
