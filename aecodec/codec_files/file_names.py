"""Names of the files in a codec folder."""

from enum import Enum

CODEC_JSON = "codec.json"
PRIORS = "priors.npz"

RESIDUALS = "residuals.bin"
"""Residual networks for files without base; optional."""

RESIDUALS_OF_BASE = "residuals_of_base.bin"
"""Residual networks for files with a base; optional."""


class Half(str, Enum):
    """One half of a codec: the encoder or the decoder."""

    ENCODER = "encoder"
    DECODER = "decoder"

    @property
    def tflite(self) -> str:
        """Name of the int8 TFLite file."""
        return f"{self.value}.tflite"

    @property
    def hdf5(self) -> str:
        """Name of the float Keras model in HDF5."""
        return f"{self.value}.hdf5"

    @property
    def signature(self) -> str:
        """Name of the signature of the TFLite file."""
        return {"encoder": "encode", "decoder": "decode"}[self.value]


CODEC_FILES = (
    CODEC_JSON,
    PRIORS,
    *(half.tflite for half in Half),
    *(half.hdf5 for half in Half),
)

DECODING_FILES = (PRIORS, Half.DECODER.tflite)
"""Files on which decoding depends: their hashes are part of the codec's identity."""

OPTIONAL_FILES = (RESIDUALS, RESIDUALS_OF_BASE)
