"""Payloads: the shape, and the levels and quantized latents of the colours and of alpha.

A range coder codes a payload as decisions between 0 and 1. Their probabilities depend on earlier
latents: hidden units sum up the latents of all blocks so far. For each latent of the next block,
the units determine the logits of four decisions: that the latent is not 0, that it is positive,
that its magnitude exceeds 1, and that its magnitude exceeds 2, 3 and so on.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from aecodec.base.arrays import Float64, Int64
from aecodec.base.errors import FormatError
from aecodec.preview.tables import FEATURES, LATENTS, MOST, MOST_LOGIT, PROBABILITIES, tables

_MOST_UNIT = 1023


def blocks() -> Iterator[slice]:
    """Yield the latents of each block; later blocks are longer."""
    start = 0
    while start < LATENTS:
        block = slice(start, min(LATENTS, start + 1 + start // 16))
        yield block
        start = block.stop


def start(levels: Int64) -> Float64:
    """Return the sums (N, 32), integers in float64, before the first block at levels (N,)."""
    return tables()["start"][levels] * 64


def advance(sums: Float64, block: slice, codes: Int64) -> Float64:
    """Return the sums (N, 32) after the codes (N, K) of a block."""
    table, features = tables(), FEATURES[abs(codes)].astype(np.float64)
    signed = table["signed"][block]
    signs = (np.sign(codes) * features)[:, : len(signed)]
    return sums + features @ table["unsigned"][block] + signs @ signed


def logits(sums: Float64, block: slice) -> Int64:
    """Return the logits (N, K, 4) of a block, from 0 to 1534 for -767 to 767, from sums (N, 32)."""
    table = tables()
    units = np.floor(sums / 16).clip(0, _MOST_UNIT)
    outputs = np.zeros((len(sums), block.stop - block.start, 4))
    for kinds, name in (([0], "present"), ([1], "positive"), ([2, 3], "larger")):
        weights = table[name][block]
        outputs[:, : len(weights), kinds] = (units @ weights.T)[..., None]
    outputs = 16 * table["biases"][block] + np.floor(outputs / 4)
    return outputs.clip(-MOST_LOGIT, MOST_LOGIT).astype(np.int64) + MOST_LOGIT


_LEAST_RANGE = 1 << 24


class BitDecoder:
    """Reads decisions; after the end of the payload, it reads zeros."""

    def __init__(self, payload: bytes) -> None:
        self._rest = iter(payload)
        self._range = (1 << 32) - 1
        self._value = 0
        for _ in range(4):
            self._value = self._value << 8 | next(self._rest, 0)

    def code(self, _: int, probability: int) -> int:
        """Read a decision that is 1 with a probability in 1/65536, 1 to 65535."""
        bound = (self._range >> 16) * probability
        decision = int(self._value < bound)
        if decision:
            self._range = bound
        else:
            self._value -= bound
            self._range -= bound
        while self._range < _LEAST_RANGE:
            self._range <<= 8
            self._value = self._value << 8 | next(self._rest, 0)
        return decision


class BitEncoder:
    def __init__(self) -> None:
        self._low = 0
        self._range = (1 << 32) - 1
        self._size = 4

    def code(self, decision: int, probability: int) -> int:
        """Write and return a decision that is 1 with a probability in 1/65536, 1 to 65535."""
        bound = (self._range >> 16) * probability
        if decision:
            self._range = bound
        else:
            self._low += bound
            self._range -= bound
        while self._range < _LEAST_RANGE:
            self._range <<= 8
            self._low <<= 8
            self._size += 1
        return decision

    def finish(self) -> bytes:
        """Return the shortest payload, of at least one byte, that decodes to these decisions."""
        for dropped in reversed(range(8 * self._size)):
            value = -(-self._low >> dropped) << dropped
            if value < self._low + self._range:
                break
        return value.to_bytes(self._size, "big").rstrip(b"\0") or b"\0"


_Coder = BitDecoder | BitEncoder
"""A decoder returns the decision that it reads, and ignores its argument."""

SQUARE = 31
"""Number of the shape 1:1; a shape s has the ratio 5^((s - 31) / 31)."""

_HALF, _RARE = 1 << 15, 1 << 12


class Plane(NamedTuple):
    """The colours of a picture, or its alpha: a level, 0 to 7, and codes (384,), -120 to 120."""

    level: int
    codes: Int64


class Content(NamedTuple):
    """A shape, 0 to 62, and planes: the colours, and alpha."""

    shape: int
    planes: list[Plane]


_UNKNOWN = Plane(0, np.zeros(LATENTS, np.int64))


def pack(content: Content) -> bytes:
    """Write a payload of at least one byte."""
    encoder = BitEncoder()
    _code_number(encoder, content.shape, 6)
    encoder.code(len(content.planes) - 1, _RARE)
    for plane in content.planes:
        _code_plane(encoder, plane)
    return encoder.finish()


def unpack(payload: bytes) -> Content:
    """Read a payload. Raises FormatError if it is empty or has an invalid shape."""
    if not payload:
        raise FormatError("the preview is empty: pass the bytes that `encode` returned")
    decoder = BitDecoder(payload)
    shape = _code_number(decoder, 0, 6)
    if shape > 2 * SQUARE:
        raise FormatError(f"not a preview: its shape number is {shape}, but must be at most 62")
    count = 1 + decoder.code(0, _RARE)
    return Content(shape, [_code_plane(decoder, _UNKNOWN) for _ in range(count)])


def _code_plane(coder: _Coder, plane: Plane) -> Plane:
    level = _code_number(coder, plane.level, 3)
    codes = plane.codes.copy()
    sums = start(np.array([level]))
    for block in blocks():
        chances = PROBABILITIES[logits(sums, block)[0]]
        pairs = zip(codes[block].tolist(), chances.tolist(), strict=True)
        codes[block] = [_code_latent(coder, code, row) for code, row in pairs]
        sums = advance(sums, block, codes[None, block])
    return Plane(level, codes)


def _code_latent(coder: _Coder, code: int, chances: list[int]) -> int:
    if not coder.code(int(code != 0), chances[0]):
        return 0
    sign = 1 if coder.code(int(code > 0), chances[1]) else -1
    magnitude, larger = 1, chances[2:3] + chances[3:] * (MOST - 2)
    for chance in larger:
        if not coder.code(int(abs(code) > magnitude), chance):
            break
        magnitude += 1
    return sign * magnitude


def _code_number(coder: _Coder, number: int, bits: int) -> int:
    result = 0
    for bit in reversed(range(bits)):
        result = result << 1 | coder.code(number >> bit & 1, _HALF)
    return result
