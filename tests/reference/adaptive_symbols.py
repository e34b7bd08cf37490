"""docs/FORMAT.md, section 8, "The adaptive coder": distributions, decisions and symbols."""

from bisect import bisect_right
from math import exp
from typing import Any

from reference.adaptive_prediction import clip, shift
from reference.entropy import RangeDecoder

TOTAL, MOST = 2**24, 511
TAIL = (
    "32767 31134 29507 27894 26298 24728 23188 21684 20220 18801 17431 16114 14852 13648 12503"
    " 11419 10397 9437 8539 7701 6924 6204 5542 4934 4378 3872 3413 2998 2625 2291 1992 1726 1491"
    " 1284 1101 942 801 680 575 484 407 341 284 236 195 160 132 107 88 71 58 47 38 30 24 19 15 12"
    " 9 7 6 4 3 3 2 2 1 1 1 1 0 0 0 0 0 0 0 0 0 0 0 0"
)


def interpolated(table: list[int], count: int, bits: int) -> list[int]:
    """`count` numbers, of which every 2^bits-th one is that of the table."""
    places = (divmod(n, 1 << bits) for n in range(count))
    return [table[n] + (((table[n + 1] - table[n]) * rest) >> bits) for n, rest in places]


NORMAL = interpolated([*map(int, TAIL.split()), 0], 641, 3)
TAILS = [[NORMAL[min(place * pace, 640)] for pace in (16, 8, 4, 1)] for place in range(641)]
SQUASH = interpolated([round(65536 / (1 + exp(8 - n / 2))) for n in range(34)], 4096, 7)
STRETCH = [min(bisect_right(SQUASH, 16 * n + 7), 4095) - 2048 for n in range(4096)]
MANTISSAS = [round(2 ** (15 - n / 16)) for n in range(16)]


class Shape:
    """Subsection "Distribution": weights in 2^-23 that are learned in a context."""

    def __init__(self) -> None:
        self.fine, self.seen = [1582756, 5539645, 1107929, 158278], 0

    def weights(self) -> list[int]:
        w = [fine >> 8 for fine in self.fine]
        w[1] += 2**15 - sum(w)
        return w

    def learn(self, d: Any, symbol: int) -> None:
        weights, (start, _), (stop, _) = d.weights, d.edge(symbol), d.edge(symbol + 1)
        shares = [(b - a) * w >> 1 for a, b, w in zip(start, stop, weights, strict=True)]
        places = 15 - sum(shares).bit_length()
        if places > 8:
            return
        rate = 2**15 // (self.seen + 8) if self.seen < 192 else 164
        self.seen = min(self.seen + 1, 200)
        inverse = 2**29 // shift(sum(shares), places)
        w = self.fine
        for n in range(4):
            share = shift(shares[n], places) * inverse >> 14
            w[n] = max(w[n] + ((share - weights[n]) * rate >> 7), 838)
        w[1] += 2**23 - sum(w)
        if w[1] < 838:
            for n in (0, 2, 3):
                part = w[n] >> 4
                w[n], w[1] = w[n] - part, w[1] + part


class Distribution:
    """Subsection "Distribution" of the symbols of a sample."""

    def __init__(self, weights: list[int], log_scale: int, start: int, width: int) -> None:
        self.weights, self.start, self.width = weights, start, width
        self.factor, self.places = MANTISSAS[log_scale % 16], 7 + (log_scale >> 4)
        self.lowest = self.highest = 0

    def edge(self, symbol: int) -> tuple[list[int], int]:
        """The probability below a symbol, of 65534 for each component and of 2^24 together."""
        x = self.start + symbol * self.width
        place, rest = divmod(min(abs(x) * self.factor >> self.places, 10239), 16)
        near, far = TAILS[place], TAILS[place + 1]
        beyond = [a - ((a - b) * rest >> 4) for a, b in zip(near, far, strict=True)]
        components = beyond if x < 0 else [65534 - b for b in beyond]
        mass = sum(c * w for c, w in zip(components, self.weights, strict=True))
        below = (mass * (TOTAL - (self.highest - self.lowest + 1)) >> 31) + symbol - self.lowest
        if symbol <= self.lowest or symbol > self.highest:
            below = 0 if symbol <= self.lowest else TOTAL
        return components, below

    def below(self, symbol: int) -> int:
        return self.edge(symbol)[1]

    def frequencies(self, symbol: int) -> tuple[int, int]:
        return self.below(symbol), self.below(symbol + 1)


class Probability:
    """Subsection "Decisions": a probability in 2^-22, and how often it learned."""

    def __init__(self, p: int = 0, count: int = 0) -> None:
        self.p, self.count = p, count

    def learn(self, bit: int, memory: int) -> None:
        goal = (2**22 - 1) * bit
        self.p += (goal - self.p) * (2**17 // (2 * self.count + 3)) >> 16
        self.count = min(self.count + 1, memory)


def decode_bit(decoder: RangeDecoder | None, p: int, known: bool) -> int:
    """A bit, or the known one without a decoder."""
    return int(known) if decoder is None else decoder.bit(p)


def decode_mixed(
    decoder: RangeDecoder | None, p: int, entries: list[Probability], mixer: list[int], known: bool
) -> int:
    """Subsection "Decisions": a bit by the distribution's probability and those of tables."""
    p = clip(p, 16, 65519)
    logits = [STRETCH[p >> 4]]
    for entry in entries:
        if not entry.count:
            entry.p, entry.count = p << 6, 1
        logits.append(STRETCH[clip(entry.p >> 10, 2, 4093)])
    total = sum(w * x for w, x in zip(mixer, logits, strict=True))
    p = SQUASH[clip(total >> 16, -2047, 2047) + 2048]
    bit = decode_bit(decoder, p, known)
    for n, x in enumerate(logits):
        change = (((bit << 16) - p) * x + 2**14) >> 15
        mixer[n] = clip(mixer[n] + change, -(2**24), 2**24)
    for entry in entries:
        entry.learn(bit, 200)
    return bit


def decode_symbol(decoder: RangeDecoder, d: Distribution, left_out: list[tuple[int, int]]) -> int:
    """Subsection "Symbols": a symbol outside of the frequencies that are left out."""
    total = TOTAL - sum(stop - start for start, stop in left_out)
    point = decoder.quantile(total)
    for start, stop in sorted(left_out):
        point += stop - start if point >= start else 0
    p = bisect_right(range(d.lowest, d.highest + 1), point, key=d.below) + d.lowest - 1
    start, stop = d.frequencies(p)
    before = sum(b - a for a, b in left_out if b <= start)
    decoder.narrow(start - before, stop - start, total)
    return p


def decode_far(
    decoder: RangeDecoder, d: Distribution, low_bits: int, left_out: list[tuple[int, int]]
) -> int:
    """Subsection "Symbols": the steps of a symbol, its excess and its lowest bits."""
    p = decode_symbol(decoder, d, left_out)
    if abs(p) == MOST:
        excess = raw_bits(decoder, raw_bits(decoder, 6))
        p += excess if p > 0 else -excess
    return (p << low_bits) + raw_bits(decoder, low_bits)


def raw_bits(decoder: RangeDecoder, count: int) -> int:
    """Subsection "Symbols": bits as symbols of equal frequencies, up to 16 at a time."""
    number = 0
    while count:
        size = min(count, 16)
        part = decoder.quantile() >> (24 - size)
        decoder.narrow(part << (24 - size), 1 << (24 - size))
        number, count = number << size | part, count - size
    return number
