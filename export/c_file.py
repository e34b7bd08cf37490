"""What `aec.c` makes of a picture, made in Python: codes that are rounded, not worth their bits.

To know what a symbol costs takes logarithms, and more code than small devices have room for.
"""

from __future__ import annotations

from functools import partial

from aecodec import container, segments
from aecodec.container import LEVEL_UNITS
from aecodec.encoding import Encoding
from aecodec.export.c_tables import CTables
from aecodec.thrift import rounded
from aecodec.transforms import Int8


def c_file(tables: CTables, encoding: Encoding) -> bytes:
    """The bytes of the `.aec` file."""
    units = tables.units / LEVEL_UNITS
    symbols_of = partial(rounded, encoding.folder.spec.level(units))
    payload = segments.encode(tables.prior, symbols_of, encoding.integers)
    return container.pack(encoding.header_at(units), payload)


def c_integers(tables: CTables, encoding: Encoding) -> Int8:
    """The integers that the file gives back."""
    level = encoding.folder.spec.level(tables.units / LEVEL_UNITS)
    return level.rounded(encoding.integers)
