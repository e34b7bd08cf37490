"""Do damaged or forged files ever give an unexpected error, a long wait or growing memory?

Files of 20 digits: with every bit flipped and cut at every length; 20,000 mutations; and 20,000
mutations whose checksum is made right again. Anything but a picture or an AecodecError ends the
benchmark.
"""

from __future__ import annotations

import resource
import time
import zlib
from argparse import Namespace
from collections.abc import Iterator, Sequence

import numpy as np

import aecodec
from aecodec import AecodecError
from benchmarks.harness import Options, Row
from benchmarks.pictures import mnist

_FILES = 20
_MUTATED = 20_000


def add_arguments(parser: Options) -> None:
    """Add the data."""
    parser.add_data(help="mnist.npz")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per attack."""
    _, digits = mnist(options.data)
    files = [aecodec.compress(digit) for digit in digits[:_FILES]]
    yield _attack("bit flips and truncations", list(_damaged(files)))
    yield _attack("mutated", list(_mutated(files, forge=False)))
    yield _attack("mutated, checksum forged", list(_mutated(files, forge=True)))


def _attack(name: str, attacks: Sequence[bytes]) -> Row:
    """Decompress all files, and count what comes of it."""
    outcomes: dict[str, int] = {}
    slowest = 0.0
    before = _peak_mib()
    for attack in attacks:
        start = time.perf_counter()
        outcome = _outcome(attack)
        slowest = max(slowest, time.perf_counter() - start)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return {
        "attack": name,
        "files": len(attacks),
        **outcomes,
        "slowest_ms": round(1000 * slowest, 2),
        "memory_grew_mib": _peak_mib() - before,
    }


def _outcome(attack: bytes) -> str:
    try:
        aecodec.decompress_frames(attack)
    except AecodecError as error:
        return f"exit status {error.exit_status}"
    return "picture"


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _damaged(files: Sequence[bytes]) -> Iterator[bytes]:
    """Each file cut at each length, and with each bit flipped."""
    for file in files:
        yield from (file[:length] for length in range(len(file)))
        for bit in range(8 * len(file)):
            changed = bytearray(file)
            changed[bit // 8] ^= 1 << bit % 8
            yield bytes(changed)


def _mutated(files: Sequence[bytes], *, forge: bool) -> Iterator[bytes]:
    """Files with up to 5 bytes changed, every fourth one cut; with a right checksum if forged."""
    rng = np.random.default_rng(0)
    for trial in range(_MUTATED):
        body = bytearray(files[trial % len(files)][: -4 if forge else None])
        for _ in range(rng.integers(1, 6)):
            body[int(rng.integers(3 if forge else 0, len(body)))] = int(rng.integers(256))
        if trial % 4 == 0:
            body = body[: int(rng.integers(1, len(body)))]
        mutated = bytes(body) + (zlib.crc32(body).to_bytes(4, "little") if forge else b"")
        if mutated not in files:
            yield mutated
