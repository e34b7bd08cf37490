"""A codec in C, loaded from a bundle."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Pixels
from aecodec.errors import (
    AecodecError,
    CodecError,
    FormatError,
    ImageError,
    LimitError,
    UsageError,
)
from aecodec.format.container import LEVEL_UNITS

_BAD_ARGUMENT = 21

_ERRORS = {
    3: FormatError,
    4: CodecError,
    17: CodecError,
    18: CodecError,
    19: LimitError,
    20: ImageError,
    _BAD_ARGUMENT: UsageError,
    22: UsageError,
    24: CodecError,
}
"""The errors that stand for statuses of `aecodec.h`; any other is an AecodecError."""

_ABSENT = (
    "aecodec was installed without its core in C: AECODEC_NATIVE=1 pip install . in its source "
    "builds it, with a C compiler"
)


class NativeCodec:
    """A codec in C; its files are those of Python, and its networks LiteRT's reference kernels.

    A digit takes less than a tenth of a millisecond each way. Several threads may use it at once.

    Args:
        path: a bundle, as `aecodec export CODEC --format bundle` makes it.

    Raises:
        AecodecError: aecodec was installed without its core in C.
        CodecError: no bundle, or a damaged one.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            core = import_module("aecodec.engine.core")
        except ImportError as error:
            raise AecodecError(_ABSENT) from error
        self._core, self._path = core, path
        status, self._bundle = core.open(os.fspath(path))
        if status:
            self._fail(status, str(path))

    def compress(
        self,
        pixels: npt.NDArray[np.uint8],
        *,
        level: float | None = None,
        max_bytes: int | None = None,
    ) -> bytes:
        """The bytes of an `.aec` file, without metadata.

        Args:
            pixels: uint8 (N, H, W, C), N frames of 1 to 4 channels; alpha is the last of 2 or 4.
            level: 1 (smallest file) and up; the codec's default if None.
            max_bytes: make the best file of at most this many bytes instead.

        Raises:
            ImageError: another shape or dtype, or too many pixels.
            UsageError: the codec has no such level, or no file is small enough.
            CodecError: the bundle lacks the encoder or the level.
        """
        if pixels.dtype != np.uint8 or pixels.ndim != 4:
            raise ImageError(
                f"pixels of shape {pixels.shape}, {pixels.dtype}: give (N, H, W, C), uint8"
            )
        units = 0 if level is None else round(level * LEVEL_UNITS)
        if (level is not None and not 1 <= level <= LEVEL_UNITS) or _is_below_1(max_bytes):
            self._fail(_BAD_ARGUMENT, "level or max_bytes")
        found: tuple[int, Any] = self._core.compress(
            self._bundle, pixels.tobytes(), pixels.shape, units, max_bytes or 0
        )
        if found[0]:
            self._fail(found[0])
        return bytes(found[1])

    def decompress(
        self, data: bytes, *, max_pixels: int | None = None, max_frames: int | None = None
    ) -> Pixels:
        """Pixels (N, H, W, C) of an `.aec` file.

        Args:
            data: the bytes of the file.
            max_pixels: as for :func:`aecodec.decompress`.
            max_frames: as for :func:`aecodec.decompress`.

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it, or the bundle lacks the decoder or the level.
            LimitError: it claims more than these numbers.
            UsageError: one of these numbers is below 1.
        """
        if _is_below_1(max_pixels) or _is_below_1(max_frames):
            self._fail(_BAD_ARGUMENT, "max_pixels or max_frames")
        found: tuple[Any, ...] = self._core.decompress(
            self._bundle, data, _in_32_bits(max_pixels), _in_32_bits(max_frames)
        )
        if found[0]:
            self._fail(found[0])
        return np.frombuffer(found[1], np.uint8).reshape(found[2])

    def _fail(self, status: int, what: str | None = None) -> NoReturn:
        kind = _ERRORS.get(status, AecodecError)
        prefix = f"{what}: " if what else ""
        raise kind(f"{prefix}{self._core.text(status)}")


def _in_32_bits(most: int | None) -> int:
    """A limit as C takes it: 0 for its own; a larger one than it can have is no limit there."""
    return min(most or 0, 0xFFFFFFFF)


def _is_below_1(number: int | None) -> bool:
    return number is not None and number < 1
