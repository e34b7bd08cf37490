"""What `aec.c` makes of a picture, made in Python: codes that are rounded, not worth their bits.

To know what a symbol costs takes logarithms, and more code than small devices have room for.
"""

from __future__ import annotations

from functools import partial

from aecodec import container, segments
from aecodec.encoding import Encoding
from aecodec.export.c_tables import CTables
from aecodec.thrift import rounded
from aecodec.transforms import Int8


def c_file(tables: CTables, encoding: Encoding) -> bytes:
    """The bytes of the `.aec` file."""
    payload = segments.encode(tables.prior, partial(rounded, tables.level), encoding.integers)
    return container.pack(encoding.header_at(tables.number), payload)


def c_integers(tables: CTables, encoding: Encoding) -> Int8:
    """The integers that the file gives back."""
    return tables.level.rounded(encoding.integers)
