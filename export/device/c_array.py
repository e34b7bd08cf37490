"""TFLite models as C source: an aligned array, and a header with sizes and scales."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aecodec.codec_files.file_names import Half
from aecodec.codec_files.spec import CodecSpec
from aecodec.engine.litert import TileTransform
from aecodec.export.device.c_names import (
    LICENCE,
    c_defines,
    c_header,
    c_numbers,
    codec_identifier,
    in_comment,
)

_BYTES_PER_LINE = 16


@dataclass(frozen=True)
class CModel:
    """A half of a codec as a TFLite model in C."""

    codec: CodecSpec
    half: Half

    @property
    def identifier(self) -> str:
        """Prefix of all identifiers; the levels of a codec share its models."""
        return f"{codec_identifier(self.codec.name)}_{self.half.value}"

    @property
    def array(self) -> str:
        """Name of the array, and stem of the file names."""
        return f"{self.identifier}_model"


def c_files(model: bytes, about: CModel) -> dict[str, bytes]:
    """The header and source file (C99 and C++17) of an int8 `.tflite` model, by name."""
    return {
        f"{about.array}.h": _header(model, about).encode(),
        f"{about.array}.c": _source(model, about).encode(),
    }


def _header(model: bytes, about: CModel) -> str:
    spec, macro = about.codec, about.identifier.upper()
    title = f"The {about.half.value} of the codec {in_comment(spec.name)} ({spec.codec_id.hex()})"
    comment = (
        f"{title}, as int8 TensorFlow Lite.\n"
        " * Sizes are in bytes; value = scale * (integer - zero point)."
    )
    declaration = f"const unsigned char {about.array}[{macro}_MODEL_SIZE]"
    defines = c_defines(macro, _numbers(model, about))
    return c_header(f"{macro}_MODEL_H", comment, defines, declaration)


def _numbers(model: bytes, about: CModel) -> dict[str, str]:
    transform = TileTransform(model)
    return {
        "MODEL_SIZE": f"{len(model)}u",
        **_tensor("INPUT", transform.input_shape, transform.input_quantization),
        **_tensor("OUTPUT", transform.output_shape, transform.output_quantization),
    }


def _tensor(name: str, shape: tuple[int, ...], quantization: tuple[float, int]) -> dict[str, str]:
    scale, zero = quantization
    return {
        f"{name}_SIZE": f"{math.prod(shape)}u",
        f"{name}_SCALE": f"{scale:.9e}f",
        f"{name}_ZERO_POINT": f"({zero})",
    }


def _source(model: bytes, about: CModel) -> str:
    body = c_numbers((f"0x{byte:02x}" for byte in model), _BYTES_PER_LINE)
    return f"""{LICENCE}
#include "{about.array}.h"

#if defined(__cplusplus)
#define AECODEC_ALIGNED alignas(16)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define AECODEC_ALIGNED _Alignas(16)
#elif defined(__GNUC__)
#define AECODEC_ALIGNED __attribute__((aligned(16)))
#else
#error "state here how this compiler aligns an array to 16 bytes"
#endif

AECODEC_ALIGNED const unsigned char {about.array}[{about.identifier.upper()}_MODEL_SIZE] = {{
    {body}
}};
"""
