"""A codec in C and in Python, both on the integers of LiteRT's reference kernels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.encoder_codec import EncoderCodec
from aecodec.format.limits import UNLIMITED
from benchmarks.c_codec import CCodec, StatusError, bundle_of, reference_pair


def rejection(status: int) -> pytest.RaisesExc[StatusError]:
    """Expect that the library returns a status other than OK."""
    return pytest.raises(StatusError, check=lambda error: error.status == status)


def refusal(error: int) -> pytest.RaisesExc[StatusError]:
    """Expect a status with a kind of error, such as FORMAT_ERROR."""
    return pytest.raises(StatusError, check=lambda raised: raised.error == error)


class Both(NamedTuple):
    """A codec in C and in Python."""

    c: CCodec
    encoder: EncoderCodec
    decoder: DecoderCodec

    @classmethod
    def of(cls, codec: Codec) -> Both:
        return cls(CCodec(bundle_of(codec.folder)), *reference_pair(codec.folder))

    def file(self, pixels: Pixels, level: float | None = None) -> bytes:
        """Python's file of (N, H, W, C)."""
        return self.encoder.compress(pixels, level=level, metadata=False)

    def pixels(self, file: bytes) -> Pixels:
        """Python's pixels (N, H, W, C)."""
        decoded = self.decoder.decompress_picture(file, UNLIMITED)
        if decoded.alpha is None:
            return decoded.pixels
        return np.concatenate([decoded.pixels, decoded.alpha[..., None]], axis=-1)
