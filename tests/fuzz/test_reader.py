"""The fuzzer of the reader changes files as it says."""

from __future__ import annotations

import random
from collections import Counter

from aecodec.errors import AecodecError
from aecodec.format import container
from fuzz.mutations.bytes import mutated_bytes
from fuzz.mutations.files import mutated_file, parts_of
from tests.helpers.documents import ROOT

GOLDEN = [path.read_bytes() for path in sorted((ROOT / "tests" / "golden").glob("*.aec"))]


def test_the_fields_of_a_file_make_the_file() -> None:
    for content in GOLDEN:
        assert parts_of(content).to_bytes() == content


def test_most_changed_files_have_a_right_checksum_and_some_are_read() -> None:
    rng, counts = random.Random(0), Counter[str]()
    for number in range(500):
        changed = mutated_file(GOLDEN[number % len(GOLDEN)], rng, rng.choice(GOLDEN))
        try:
            container.unpack(changed)
            counts["read"] += 1
        except AecodecError as error:
            counts["checksum" if "checksum" in str(error) else "refused"] += 1
    assert counts["checksum"] < 50
    assert counts["read"] > 100
    assert counts["refused"] > 50


def test_any_bytes_can_be_changed() -> None:
    rng = random.Random(0)
    for content in (b"", b"\0", bytes(100)):
        assert len({mutated_bytes(content, rng, b"other") for _ in range(50)}) > 5
        for _ in range(50):
            mutated_file(content, rng)
