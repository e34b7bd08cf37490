"""What `aecodec.c` makes of a picture, made in Python.

It quantizes to the nearest codes, without RDOQ: to know what a symbol costs takes logarithms, and
more code than small devices have room for.
"""

from __future__ import annotations

from functools import partial

from aecodec.arrays import Latents
from aecodec.bitstream.payload import encode_payload
from aecodec.codec.encoded_picture import EncodedPicture
from aecodec.export.device.tables import CTables
from aecodec.format import container
from aecodec.quantization.rdoq import nearest_symbols


def c_file(tables: CTables, encoded: EncodedPicture) -> bytes:
    """The bytes of the `.aec` file that C writes."""
    quantizer = partial(nearest_symbols, tables.level)
    payload = encode_payload(tables.prior, quantizer, encoded.latents)
    return container.pack(encoded.header_at(tables.number), payload)


def c_latents(tables: CTables, encoded: EncodedPicture) -> Latents:
    """The latents that C gets back from that file; 0 in the channels of other levels."""
    return tables.level.requantize(encoded.latents)
