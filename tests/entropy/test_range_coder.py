"""The two coders write the same bytes, and read each other's."""

from typing import Any

import numpy as np
import pytest
from helpers.documents import ROOT
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aecodec.entropy.range_coder import (
    CONSTRICTION,
    FASTEST,
    PYTHON,
    ConstrictionDecoder,
    ConstrictionEncoder,
    PythonDecoder,
    PythonEncoder,
    ReencodingDecoder,
    Table,
)
from aecodec.errors import FormatError

Message = list[tuple[list[int], Table]]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A table: cuts of 0..65536, so that frequencies of 1 and of almost all occur.

    Cuts are drawn as bytes, at once: ten thousand messages of single numbers take minutes.
    """
    numbers = np.frombuffer(2 * draw(st.binary(min_size=1, max_size=39)), np.uint16)
    cuts = np.unique(numbers % draw(st.sampled_from((65535, 60)))).astype(int) + 1
    cuts = 65536 - cuts[::-1] if draw(st.booleans()) else cuts
    return Table(np.diff([0, *cuts, 65536]))


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """Runs of symbols, each under a table; empty, of one symbol, all the same, or any."""
    runs = []
    for table in draw(st.lists(tables(), max_size=4)):
        symbols = np.frombuffer(draw(st.binary(max_size=40)), np.uint8) % len(table.frequencies)
        run = symbols.tolist()
        runs.append((run[:1] * draw(st.integers(1, 200)) if draw(st.booleans()) else run, table))
    return runs


def encode(coder: type, message: Message) -> bytes:
    writer = coder()
    for symbols, table in message:
        writer.encode(np.array(symbols, np.int32), table)
    return writer.finish()


def encode_one_by_one(coder: type, message: Message) -> bytes:
    writer = coder()
    for symbols, table in message:
        writer.encode_with_tables(symbols, [table] * len(symbols))
    return writer.finish()


def assert_round_trip(message: Message) -> bytes:
    """All coders write the same bytes, and every one reads them; so they do one by one."""
    data = encode(PythonEncoder, message)
    assert encode(ConstrictionEncoder, message) == data
    assert encode_one_by_one(PythonEncoder, message) == data
    assert encode_one_by_one(ConstrictionEncoder, message) == data
    for read in (PythonDecoder, ConstrictionDecoder):
        reader, one_by_one = read(data), read(data)
        for symbols, table in message:
            assert reader.decode(len(symbols), table).tolist() == symbols
            assert one_by_one.decode_with_tables([table] * len(symbols)) == symbols
    return data


@settings(max_examples=300)
@given(messages())
@example([])
@example([([0], Table([1, 65535]))])
@example([([1], Table([1, 65535]))])
@example([([0] * 5000, Table([1, 65535]))])
@example([([1] * 5000, Table([1, 65535]))])
def test_both_coders_write_the_same_bytes_and_read_each_other(message: Message) -> None:
    assert_round_trip(message)


def test_carries_that_ripple_through_many_words() -> None:
    """Many words depend on one carry: without it they are all ones, with it all zeros."""
    table, seen = Table([20000, 25536, 20000]), set()
    for start in ([1], [0, 1], [2, 0, 1]):
        message = start + around_a_round_number(start, table, 400)
        for last in (0, 2):
            data = assert_round_trip([(message + [last] * 40, table)])
            seen |= {run[:1] for run in (b"\xff" * 40, b"\0" * 40) if run in data}
    assert seen == {b"\xff", b"\0"}


def around_a_round_number(start: list[int], table: Table, count: int) -> list[int]:
    """Symbols that go on from `start` so that the interval holds a round number all the time."""
    low, range_ = 0, 2**64 - 1
    for symbol in start:
        low, range_ = narrowed(low, range_, table, symbol)
    unit = 1 << range_.bit_length() - 2
    goal = (low // unit + 1) * unit
    symbols: list[int] = []
    for _ in range(count):
        if range_ < 2**32:
            low, range_, goal = low << 32, range_ << 32, goal << 32
        for symbol in range(3):
            begin, width = narrowed(low, range_, table, symbol)
            if begin < goal < begin + width:
                break
        symbols.append(symbol)
        low, range_ = begin, width
    return symbols


def narrowed(low: int, range_: int, table: Table, symbol: int) -> tuple[int, int]:
    scale = range_ >> 24
    cumulative, frequency = table.cumulative[symbol], table.frequencies[symbol]
    return low + scale * (cumulative << 8), scale * (frequency << 8)


def test_a_message_costs_what_its_tables_say() -> None:
    table = Table([65536 - 3000, 2000, 1000])
    symbols = np.random.default_rng(0).choice(3, 20_000, p=np.array(table.frequencies) / 65536)
    ideal = sum(16 - np.log2(table.frequencies[s]) for s in symbols) / 8
    size = len(assert_round_trip([(symbols.tolist(), table)]))
    assert abs(size - ideal) <= ideal * 0.0001 + 2


@pytest.mark.parametrize("read", [PythonDecoder, ConstrictionDecoder])
def test_bytes_that_no_encoder_writes_are_refused(read: type) -> None:
    reader = read(b"\xff" * 64)
    with pytest.raises(FormatError, match="damaged"):
        reader.decode(1000, Table([1] * 2 + [65534]))


def read_all(read: type, data: bytes, message: Message) -> list[int] | str:
    """The symbols that a decoder finds in any bytes, or why it refuses them."""
    reader, result = read(data), list[int]()
    try:
        for symbols, table in message:
            result += reader.decode(len(symbols), table).tolist()
    except FormatError as error:
        return str(error)
    return result


@settings(max_examples=200)
@given(messages(), st.binary(max_size=60))
def test_both_coders_read_the_same_in_any_bytes(message: Message, data: bytes) -> None:
    written = encode(PythonEncoder, message)
    for content in (data, written + data, written[: len(data)]):
        assert read_all(PythonDecoder, content, message) == read_all(
            ConstrictionDecoder, content, message
        )


def test_the_fastest_coder_is_constriction_where_it_is_installed() -> None:
    assert FASTEST is CONSTRICTION


@given(messages(), st.binary(max_size=30))
def test_the_listing_of_the_specification_decodes_and_judges(message: Message, tail: bytes) -> None:
    names: dict[str, Any] = {}
    exec((ROOT / "docs/FORMAT.md").read_text("utf-8").split("```")[1].removeprefix("python"), names)
    encoder = PythonEncoder()
    for symbols, table in message:
        encoder.encode(np.array(symbols, np.int32), table)
    whole = encoder.finish()
    near = [whole[:-1] + bytes([(whole[-1] + n) % 256]) for n in (1, -1)] if whole else []
    for data in (whole, whole + tail, whole[:-1] + tail, tail, *near, whole + bytes(9) + b"\1"):
        reference, listed = ReencodingDecoder(data, PYTHON), names["RangeDecoder"](data)
        try:
            runs = [reference.decode(len(symbols), table).tolist() for symbols, table in message]
        except FormatError:
            with pytest.raises(ValueError, match="damaged"):
                [[listed.symbol(table.frequencies) for _ in symbols] for symbols, table in message]
            continue
        assert runs == [[listed.symbol(table.frequencies) for _ in run] for run, table in message]
        for least in (0, len(whole) + 1):
            assert listed.is_valid(least) == (reference.reencoded().ljust(least, b"\0") == data)
