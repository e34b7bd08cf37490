"""Names of the files in a codec folder."""

import re
from enum import Enum

SUFFIX = ".aecodec"

_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*]')
_MAX_BYTES = 200


class Half(str, Enum):
    """One half of a codec: the encoder or the decoder."""

    ENCODER = "encoder"
    DECODER = "decoder"

    @property
    def tflite(self) -> str:
        return f"{self.value}.tflite"

    @property
    def hdf5(self) -> str:
        return f"{self.value}.hdf5"


def codec_files(name: str) -> tuple[str, ...]:
    """Names of all files that an export writes to the folder of a codec with this name."""
    networks = [file for half in Half for file in (half.tflite, half.hdf5)]
    return (codec_file_name(name), *networks)


def codec_file_name(name: str) -> str:
    """Name of the file of a codec; characters that file systems do not allow become dashes."""
    allowed = _NOT_IN_NAMES.sub("-", name).encode()[:_MAX_BYTES].decode(errors="ignore")
    return allowed + SUFFIX
