"""Whether a message is the one that an encoder writes, found out without encoding (FORMAT, 5)."""

import numpy as np
import pytest

from aecodec.entropy.range_coder import PYTHON, PythonDecoder, Table
from aecodec.errors import FormatError

_TABLES = [Table([65000, 500, 36]), Table([1, 65535]), Table([20000, 30000, 15536])]


def is_canonical(message: bytes, decoder: PythonDecoder, least: int) -> bool:
    """The rule of the specification, from a decoder's state after the last symbol."""
    point, range_ = decoder._offset, decoder._range
    n, read = len(message.rstrip(b"\0")), decoder._position
    if n > read or len(message) != max(n, least):
        return False
    if n == 0:
        return True
    unit = 256 ** (read - n)
    return point < unit and point + (256 - message[n - 1]) * unit >= range_


@pytest.mark.parametrize("seed", range(200))
def test_the_rule_agrees_with_encoding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count, table = int(rng.integers(0, 40)), _TABLES[seed % 3]
    symbols = rng.integers(0, len(table.frequencies), count) * (rng.random(count) < rng.random())
    encoder = PYTHON.encoder()
    encoder.encode(symbols, table)
    message = encoder.finish()
    assert _agrees(message, count, table)[0]
    verdicts = [_agrees(variant, count, table)[1] for variant in _others(message)]
    assert all(verdicts)


def _agrees(message: bytes, count: int, table: Table) -> tuple[bool, bool]:
    """What the rule says, and whether encoding the decoded symbols says the same."""
    decoder, encoder = PythonDecoder(message), PYTHON.encoder()
    try:
        symbols = decoder.decode(count, table)
    except FormatError:
        return False, True
    encoder.encode(symbols, table)
    verdict = is_canonical(message, decoder, least=0)
    return verdict, verdict == (encoder.finish() == message)


def _others(message: bytes) -> list[bytes]:
    """Messages close to one, most of which no encoder writes."""
    longer = [message + bytes([n]) for n in (0, 1, 128, 255)]
    shorter = [message[:-n] for n in range(1, 4)]
    near = [message[:-1] + bytes([(message[-1] + n) % 256]) for n in (1, -1)] if message else []
    return longer + shorter + near + [message + bytes(9) + b"\1"]
