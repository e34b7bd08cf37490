"""Payloads: the shape, and the levels and quantized latents of the colours and of alpha.

A range coder codes them as decisions between 0 and 1, with probabilities in 1/65536. The
probabilities of the decisions about a latent depend on the latents before it, which hidden units
sum up. The sums and the latent's own weights determine the probabilities that the latent is not 0,
that it is positive, that its magnitude exceeds 1, and that it exceeds 2, 3 and so on.
"""

from typing import NamedTuple

import numpy as np

from aecodec.base.arrays import Float64, Int64
from aecodec.base.errors import FormatError
from aecodec.preview.tables import LARGE, LATENTS, MOST, tables

_MOST_UNIT = 2047
_MOST_LOGIT = 511


def start(level: int) -> Float64:
    """Return the sums (64,), integers in float64, before the first latent."""
    return tables()["start"][level].astype(np.float64)


def advance(sums: Float64, latent: int, codes: Int64) -> Float64:
    """Return the sums (N, 64) after N values (N,) of a latent."""
    table = tables()
    features = table["features"][abs(codes)][:, None]
    signed, unsigned = table["signed"][latent], table["unsigned"][latent]
    return sums + features * (np.sign(codes)[:, None] * signed + unsigned)


def probabilities(sums: Float64, level: Int64, latent: int) -> Int64:
    """Return probabilities (N, 4) in 1/65536 from sums (N, 64) and levels (N,)."""
    table = tables()
    units = np.floor(sums / 8).clip(0, _MOST_UNIT)
    outputs = units @ table["small_outputs"][latent].T
    if latent < LARGE:
        outputs = np.hstack([outputs, units @ table["large_outputs"][latent].T])
    logits = table["biases"][level, latent].copy()
    logits[:, : outputs.shape[1]] += outputs.astype(np.int64) >> 5
    logits = logits.clip(-_MOST_LOGIT, _MOST_LOGIT)
    values = table["probabilities"][abs(logits)]
    return np.where(logits < 0, 65536 - values, values)


_LEAST_RANGE = 1 << 24


class BitDecoder:
    """Reads decisions; after the end of the payload, it reads zeros."""

    def __init__(self, payload: bytes) -> None:
        self._rest = iter(payload)
        self._range = (1 << 32) - 1
        self._value = 0
        for _ in range(4):
            self._value = self._value << 8 | next(self._rest, 0)

    def read(self, probability: int) -> int:
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

    def write(self, decision: int, probability: int) -> None:
        """Write a decision that is 1 with a probability in 1/65536, 1 to 65535."""
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

    def finish(self) -> bytes:
        """Return the shortest payload, of at least one byte, that decodes to these decisions."""
        for dropped in reversed(range(8 * self._size)):
            value = -(-self._low >> dropped) << dropped
            if value < self._low + self._range:
                break
        return value.to_bytes(self._size, "big").rstrip(b"\0") or b"\0"


SQUARE = 31
"""Number of the shape 1:1; a shape s has the ratio 5^((s - 31) / 31)."""

_HALF, _RARE = 1 << 15, 1 << 12


class Plane(NamedTuple):
    """The colours of a picture, or its alpha: a level, 0 to 7, and codes (400,), -120 to 120."""

    level: int
    codes: Int64


class Content(NamedTuple):
    """A shape, 0 to 62, or None if the program knows it; and the planes: the colours, and alpha."""

    shape: int | None
    planes: list[Plane]


def pack(content: Content) -> bytes:
    """Write a payload of at least one byte."""
    encoder = BitEncoder()
    encoder.write(int(content.shape is not None), _RARE)
    if content.shape is not None:
        _write_number(encoder, content.shape, 6)
    encoder.write(len(content.planes) - 1, _RARE)
    for plane in content.planes:
        _write_plane(encoder, plane)
    return encoder.finish()


def unpack(payload: bytes) -> Content:
    """Read a payload. Raises FormatError if it is empty or has an invalid shape."""
    if not payload:
        raise FormatError("the preview is empty: give the bytes that `encode` returned")
    decoder = BitDecoder(payload)
    shape = _read_number(decoder, 6) if decoder.read(_RARE) else None
    if shape is not None and shape > 2 * SQUARE:
        raise FormatError(f"not a preview: its shape number is {shape}, but at most 62 is valid")
    count = 1 + decoder.read(_RARE)
    return Content(shape, [_read_plane(decoder) for _ in range(count)])


def _write_plane(encoder: BitEncoder, plane: Plane) -> None:
    _write_number(encoder, plane.level, 3)
    sums = start(plane.level)[None]
    for latent, code in enumerate(plane.codes):
        chances = probabilities(sums, np.array([plane.level]), latent)[0]
        for decision, kind in decisions(int(code)):
            encoder.write(decision, int(chances[kind]))
        if code:
            sums = advance(sums, latent, np.array([code]))


def _read_plane(decoder: BitDecoder) -> Plane:
    level = _read_number(decoder, 3)
    codes = np.zeros(LATENTS, np.int64)
    sums = start(level)[None]
    for latent in range(LATENTS):
        codes[latent] = _read_code(decoder, probabilities(sums, np.array([level]), latent)[0])
        if codes[latent]:
            sums = advance(sums, latent, codes[latent : latent + 1])
    return Plane(level, codes)


def decisions(code: int) -> list[tuple[int, int]]:
    """Return the decisions about a code, each with the index of its probability."""
    magnitude = abs(code)
    if not magnitude:
        return [(0, 0)]
    larger = [(int(magnitude > least), min(least + 1, 3)) for least in range(1, magnitude + 1)]
    return [(1, 0), (int(code > 0), 1), *larger[: MOST - 1]]


def _read_code(decoder: BitDecoder, chances: Int64) -> int:
    if not decoder.read(int(chances[0])):
        return 0
    sign = 1 if decoder.read(int(chances[1])) else -1
    magnitude = 1
    while magnitude < MOST and decoder.read(int(chances[min(magnitude + 1, 3)])):
        magnitude += 1
    return sign * magnitude


def _write_number(encoder: BitEncoder, number: int, bits: int) -> None:
    for bit in reversed(range(bits)):
        encoder.write(number >> bit & 1, _HALF)


def _read_number(decoder: BitDecoder, bits: int) -> int:
    number = 0
    for _ in range(bits):
        number = number << 1 | decoder.read(_HALF)
    return number
