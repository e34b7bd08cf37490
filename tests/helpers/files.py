"""Making files that an attacker would make."""

from __future__ import annotations

import zlib

import numpy as np

from aecodec import Codec
from aecodec.codec.encoded_picture import EncodedPicture
from aecodec.codec.geometry import vector_shape
from aecodec.format.container import Header


def with_checksum(body: bytes) -> bytes:
    """Append the checksum that an `.aec` file of this content has."""
    return body + zlib.crc32(body).to_bytes(4, "little")


def file_of_zeros(codec: Codec, header: Header) -> bytes:
    """A whole file of any size that its header can state, in few bytes: all its codes are 0.

    Args:
        codec: codec of the file, at whose level 1 it is made.
        header: header without codec id and level.
    """
    header = header._replace(codec_id=codec.spec.codec_id)
    shape = (*vector_shape(codec.spec, header), codec.spec.latent_channels)
    return EncodedPicture(codec.folder, header, np.zeros(shape, np.int8)).to_bytes(1)
