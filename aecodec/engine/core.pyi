from typing import Any

import numpy.typing as npt

DAMAGED: int
NO_MEMORY: int

Answer = tuple[int, Any]

def open(bundle: bytes, /) -> Answer: ...
def run(
    codec: Any,
    is_encoder: bool,
    pictures: int,
    rows: int,
    columns: int,
    inputs: npt.NDArray[Any],
    outputs: npt.NDArray[Any],
    /,
) -> Answer: ...
def encode(
    codec: Any,
    level_index: int,
    planes: int,
    rows: int,
    columns: int,
    latents: npt.NDArray[Any],
    codes: npt.NDArray[Any],
    /,
) -> Answer: ...
def decode(
    codec: Any,
    level_index: int,
    planes: int,
    rows: int,
    columns: int,
    message: bytes,
    codes: npt.NDArray[Any],
    /,
) -> Answer: ...
def dequantize(
    codec: Any,
    level_index: int,
    planes: int,
    rows: int,
    columns: int,
    codes: npt.NDArray[Any],
    latents: npt.NDArray[Any],
    /,
) -> Answer: ...
def refine(
    is_encoder: bool,
    networks: bytes,
    frames: int,
    bands: int,
    height: int,
    width: int,
    steps: npt.NDArray[Any],
    limits: npt.NDArray[Any],
    base: npt.NDArray[Any],
    missing: npt.NDArray[Any] | None,
    decoded: npt.NDArray[Any],
    source: npt.NDArray[Any] | bytes,
    /,
) -> Answer: ...
def status_text(status: int, /) -> str: ...
