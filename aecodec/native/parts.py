"""The networks and the entropy coder of one codec: the functions of c/library/parts.h.

All arrays are contiguous. Functions raise FormatError for a damaged message, and CodecError or
MemoryError for other failures.
"""

from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint32, c_void_p, cast, string_at
from weakref import finalize

from aecodec.errors import CodecError, FormatError
from aecodec.native.library import LIBRARY, Array, address_of

Sides = tuple[int, int, int]
"""Planes, rows and columns."""

_DAMAGED, _NO_MEMORY = 3, 16
_NUMBER = c_uint32
_ARRAY = (c_void_p, c_size_t)
_BYTES = (c_char_p, c_size_t)
_MESSAGE = (POINTER(c_void_p), POINTER(c_size_t))

_text = LIBRARY.aecodec_status_text
_text.restype = c_char_p
_free = LIBRARY.aecodec_free
_free.argtypes, _free.restype = (c_void_p,), None
_close = LIBRARY.aecodec_parts_close
_close.argtypes, _close.restype = (c_void_p,), None
_open = LIBRARY.aecodec_parts_open
_open.argtypes = (*_BYTES, POINTER(c_void_p))
_run = LIBRARY.aecodec_parts_run
_run.argtypes = (c_void_p, c_int, *[_NUMBER] * 3, *_ARRAY, *_ARRAY)
_encode = LIBRARY.aecodec_parts_encode
_encode.argtypes = (c_void_p, *[_NUMBER] * 4, *_ARRAY, *_ARRAY, *_MESSAGE)
_decode = LIBRARY.aecodec_parts_decode
_decode.argtypes = (c_void_p, *[_NUMBER] * 4, *_BYTES, *_ARRAY)
_dequantize = LIBRARY.aecodec_parts_dequantize
_dequantize.argtypes = (c_void_p, *[_NUMBER] * 2, *_ARRAY, *_ARRAY)
_refine = LIBRARY.aecodec_parts_refine
_refine.argtypes = (*_BYTES, *[_NUMBER] * 4, *[c_void_p] * 6, *_MESSAGE)


class Parts:
    """An opened bundle with the sections that its user needs, for several threads at once."""

    def __init__(self, bundle: bytes) -> None:
        self._parts = c_void_p()
        _check(_open(bundle, len(bundle), byref(self._parts)))
        finalize(self, _close, self._parts).atexit = False

    def run(self, is_encoder: bool, rows: int, columns: int, inputs: Array, outputs: Array) -> None:
        """Run a network on pictures; `rows` and `columns` count if it takes any size."""
        sides = (len(inputs), rows, columns)
        _check(_run(self._parts, is_encoder, *sides, *_sized(inputs), *_sized(outputs)))

    def encode(self, level_index: int, sides: Sides, latents: Array, codes: Array) -> bytes:
        """Encode latents to a message, and write their codes to `codes`."""
        message, size = c_void_p(), c_size_t()
        arrays = (*_sized(latents), *_sized(codes))
        _check(_encode(self._parts, level_index, *sides, *arrays, byref(message), byref(size)))
        return _taken(message, size)

    def decode(self, level_index: int, sides: Sides, message: bytes, codes: Array) -> None:
        """Decode a message, and write its codes to `codes`."""
        arrays = (message, len(message), *_sized(codes))
        _check(_decode(self._parts, level_index, *sides, *arrays))

    def dequantize(self, level_index: int, vectors: int, codes: Array, latents: Array) -> None:
        """Convert codes to latents, which are written to `latents`."""
        arrays = (*_sized(codes), *_sized(latents))
        _check(_dequantize(self._parts, level_index, vectors, *arrays))


def refine(
    networks: bytes,
    steps: Array,
    limits: Array,
    base: Array,
    missing: Array | None,
    decoded: Array,
    source: Array | bytes,
) -> bytes:
    """Encode the values of a segment to a message, or decode the message `source`.

    Numbers are int64, and `base` has the shape (frames, bands, height, width); see
    `residual_coding` in C. The values of a decoder are written to `decoded`.
    """
    message, size, values = c_void_p(), c_size_t(), None
    if isinstance(source, bytes):
        message, size = cast(c_char_p(source), c_void_p), c_size_t(len(source))
    else:
        values = source
    addresses = map(_address, (steps, limits, base, missing, values, decoded))
    arguments = (networks, len(networks), *base.shape, *addresses)
    _check(_refine(*arguments, byref(message), byref(size)))
    return b"" if values is None else _taken(message, size)


def _address(array: Array | None) -> int | None:
    return None if array is None else address_of(array)


def _sized(array: Array) -> tuple[int, int]:
    return address_of(array), array.nbytes


def _taken(message: c_void_p, size: c_size_t) -> bytes:
    """Copy a message and free it."""
    try:
        return string_at(message, size.value)
    finally:
        _free(message)


def _check(status: int) -> None:
    if status == _DAMAGED:
        raise FormatError("damaged: the payload is not one that an encoder of this codec writes")
    if status == _NO_MEMORY:
        raise MemoryError
    if status:
        raise CodecError(f"the library cannot run this codec: {_text(status).decode()}")
