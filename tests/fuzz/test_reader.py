"""The fuzzer of the reader changes files as it says, finds nothing, and finds faults."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from aecodec.errors import AecodecError
from aecodec.format import container
from fuzz.mutations.bytes import mutated_bytes
from fuzz.mutations.files import mutated_file, parts_of
from tests.helpers.documents import ROOT

GOLDEN = [path.read_bytes() for path in sorted((ROOT / "tests" / "golden").glob("*.aec"))]

FAULTS = {
    "a field beyond the end": """
from aecodec.format.binary import Reader
def take(reader, count):
    start, reader._position = reader._position, reader._position + count
    return reader._data[start : reader._position]
Reader.take = take
""",
    "alpha planes that are damaged": """
import zlib
import numpy as np
from aecodec.codec import decoder_codec
def unpack_alpha(data, shape):
    return np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)
decoder_codec.unpack_alpha = unpack_alpha
""",
    "no end": """
from aecodec.format import container
detach = container.detach
def slow_detach(entry):
    while b"RGB" in entry:
        pass
    return detach(entry)
container.detach = slow_detach
""",
    "codes of another type": """
from aecodec.codec.decoder_codec import DecoderCodec
codes = DecoderCodec.codes
DecoderCodec.codes = lambda *arguments: codes(*arguments).astype("int32")
""",
}
"""Programs that plant a fault, by what it lets through."""


def fuzz(found: Path, seconds: int, fault: str = "") -> subprocess.CompletedProcess[str]:
    """Run the fuzzer, with a fault that is planted in the process."""
    pytest.importorskip("atheris")
    program = f"import fuzz.reader\n{fault}\nfuzz.reader.main()"
    options = ["--seconds", str(seconds), "--found", str(found)]
    command = [sys.executable, "-c", program, *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_reader_withstands_seconds_of_fuzzing(tmp_path: Path) -> None:
    done = fuzz(tmp_path, seconds=3)
    assert done.returncode == 0, done.stderr
    assert "Done " in done.stderr
    assert not list(tmp_path.iterdir())


FIRST, *OTHERS = FAULTS


@pytest.mark.parametrize(
    "name", [FIRST, *(pytest.param(each, marks=pytest.mark.slow) for each in OTHERS)]
)
def test_a_fault_in_the_reader_is_found(name: str, tmp_path: Path) -> None:
    done = fuzz(tmp_path, 60, FAULTS[name])
    assert done.returncode != 0
    assert "Uncaught Python exception" in done.stdout
    assert list(tmp_path.iterdir())


def test_the_fields_of_a_file_make_the_file() -> None:
    for content in GOLDEN:
        header, _ = container.unpack(content)
        if header.origin is None and not header.as_rgb:
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
