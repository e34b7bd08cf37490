"""What `libaecodec/python/core.c` defines."""

from typing import Any

Shape = tuple[int, int, int, int]

def open(path: str) -> tuple[int, Any]: ...
def compress(
    bundle: Any, pixels: bytes, shape: Shape, level: int, max_bytes: int, /
) -> tuple[int, bytes | None]: ...
def decompress(
    bundle: Any, file: bytes, max_pixels: int, max_frames: int, /
) -> tuple[int, bytes, Shape] | tuple[int, None]: ...
def text(status: int) -> str: ...
