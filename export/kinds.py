"""What can be exported: halves, formats and precisions, by the names that people type."""

from __future__ import annotations

from enum import Enum

from aecodec import spec


class Half(str, Enum):
    """The encoder or the decoder."""

    ENCODER = "encoder"
    DECODER = "decoder"

    @property
    def signature(self) -> str:
        """What its TFLite file calls what it does."""
        return {"encoder": "encode", "decoder": "decode"}[self.value]

    @property
    def hdf5(self) -> str:
        """Its HDF5 file in a codec folder."""
        return {"encoder": spec.ENCODER_HDF5, "decoder": spec.DECODER_HDF5}[self.value]

    @property
    def tflite(self) -> str:
        """Its int8 TFLite file in a codec folder."""
        return {"encoder": spec.ENCODER_TFLITE, "decoder": spec.DECODER_TFLITE}[self.value]


class Halves(str, Enum):
    """Which halves."""

    ENCODER = "encoder"
    DECODER = "decoder"
    BOTH = "both"

    @property
    def each(self) -> list[Half]:
        """One half, or the two."""
        return list(Half) if self is Halves.BOTH else [Half(self.value)]


class Format(str, Enum):
    """What a half is written as."""

    HDF5 = "hdf5"
    KERAS = "keras"
    TFLITE = "tflite"
    C = "c"


class Precision(str, Enum):
    """How a TFLite model holds weights and computes."""

    INT8 = "int8"
    INT16X8 = "int16x8"
    DYNAMIC = "dynamic"
    FLOAT16 = "float16"
    NONE = "none"
