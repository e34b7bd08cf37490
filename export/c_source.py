"""A TFLite model as C source: an aligned array, and a header with all its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from aecodec.transforms import LiteRtTransform

_BYTES_A_LINE = 16


@dataclass(frozen=True)
class CModel:
    """What a header says about a model.

    Attributes:
        name: "encoder" or "decoder", in the names of files and identifiers.
        codec: the codec's name and id, for the comment.
        arena_bytes: what TensorFlow Lite Micro needs; None where it was not found.
    """

    name: str
    codec: str
    arena_bytes: int | None


def c_files(model: bytes, about: CModel) -> dict[str, bytes]:
    """An int8 model as `<name>_model.h` and `<name>_model.c`, C99 and C++17.

    Args:
        model: the `.tflite` file.
        about: what the header says about it.

    Returns:
        The files by name.
    """
    return {
        f"{about.name}_model.h": _header(model, about).encode(),
        f"{about.name}_model.c": _source(model, about).encode(),
    }


def _header(model: bytes, about: CModel) -> str:
    upper, ends = about.name.upper(), LiteRtTransform(model)
    numbers = {
        "MODEL_SIZE": f"{len(model)}u",
        **_end("INPUT", ends.input_shape, ends.input_quantization),
        **_end("OUTPUT", ends.output_shape, ends.output_quantization),
    }
    arena = ""
    if about.arena_bytes is not None:
        numbers["ARENA_SIZE"] = f"{about.arena_bytes}u"
        arena = (
            f" Give TensorFlow Lite Micro an arena of\n * {upper}_ARENA_SIZE bytes at least, "
            "aligned to 16."
        )
    defines = "\n".join(f"#define {upper}_{name} {value}" for name, value in numbers.items())
    return f"""/* {about.name} of the codec {about.codec}, as int8 TensorFlow Lite.
 * Sizes are bytes; value = scale * (integer - zero point).{arena} */
#ifndef AECODEC_{upper}_MODEL_H
#define AECODEC_{upper}_MODEL_H

{defines}

#ifdef __cplusplus
extern "C" {{
#endif

extern const unsigned char {about.name}_model[{upper}_MODEL_SIZE];

#ifdef __cplusplus
}}
#endif

#endif
"""


def _end(name: str, shape: tuple[int, ...], quantization: tuple[float, int]) -> dict[str, str]:
    scale, zero = quantization
    size = 1
    for side in shape:
        size *= side
    return {
        f"{name}_SIZE": f"{size}u",
        f"{name}_SCALE": f"{scale:.9e}f",
        f"{name}_ZERO_POINT": f"({zero})",
    }


def _source(model: bytes, about: CModel) -> str:
    lines = (
        " ".join(f"0x{byte:02x}," for byte in model[start : start + _BYTES_A_LINE])
        for start in range(0, len(model), _BYTES_A_LINE)
    )
    body = "\n    ".join(lines)
    return f"""#include "{about.name}_model.h"

#if defined(__cplusplus)
#define AECODEC_ALIGNED alignas(16)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define AECODEC_ALIGNED _Alignas(16)
#elif defined(__GNUC__)
#define AECODEC_ALIGNED __attribute__((aligned(16)))
#else
#error "say here how this compiler places an array at a multiple of 16"
#endif

AECODEC_ALIGNED const unsigned char {about.name}_model[{about.name.upper()}_MODEL_SIZE] = {{
    {body}
}};
"""
