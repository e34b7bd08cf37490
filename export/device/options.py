"""Values of the options of `aecodec export`: halves and formats."""

from __future__ import annotations

from enum import Enum

from aecodec.codec_files.file_names import Half


class Halves(str, Enum):
    ENCODER = "encoder"
    DECODER = "decoder"
    BOTH = "both"

    @property
    def members(self) -> list[Half]:
        return list(Half) if self is Halves.BOTH else [Half(self.value)]


class Format(str, Enum):
    HDF5 = "hdf5"
    TFLITE = "tflite"
    C = "c"
    CODEC = "codec"
