from typing import Any

import numpy.typing as npt

def open(bundle: bytes, /) -> tuple[int, Any]: ...
def run(
    codec: Any,
    is_encoder: bool,
    rows: int,
    columns: int,
    inputs: npt.NDArray[Any],
    outputs: npt.NDArray[Any],
    /,
) -> int: ...
def encode(
    codec: Any,
    level_index: int,
    planes: int,
    rows: int,
    columns: int,
    latents: npt.NDArray[Any],
    codes: npt.NDArray[Any],
    /,
) -> tuple[int, bytes]: ...
def decode(
    codec: Any,
    level_index: int,
    planes: int,
    rows: int,
    columns: int,
    message: bytes,
    codes: npt.NDArray[Any],
    /,
) -> int: ...
def dequantize(
    codec: Any, level_index: int, codes: npt.NDArray[Any], latents: npt.NDArray[Any], /
) -> int: ...
def status_text(status: int, /) -> str: ...
