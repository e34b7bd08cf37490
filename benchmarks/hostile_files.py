"""Do damaged and mutated files ever give a picture, an unexpected error, or a long wait?

python -m benchmarks.hostile_files mnist.npz [--json FILE]
"""

from __future__ import annotations

import resource
import time
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

import aecodec
from aecodec import AecodecError
from benchmarks.rows import arguments, write_rows

_MUTATED = 20_000


def main() -> None:
    options = arguments(__doc__).parse_args()
    digits = np.load(options.data)["x_test"]
    files = [aecodec.compress(digit) for digit in digits[:20]]
    rows = [
        _attack("bit flips and truncations", list(_damaged(files))),
        _attack("mutated", list(_mutated(files, forge=False))),
        _attack("mutated, checksum forged", list(_mutated(files, forge=True))),
    ]
    for row in rows:
        print(row)
    write_rows(options.json, rows)


def _attack(name: str, attacks: list[bytes]) -> dict[str, Any]:
    """Decompress all; anything but an AecodecError ends the program."""
    statuses: dict[str, int] = {}
    seconds = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for attack in attacks:
        start = time.perf_counter()
        try:
            aecodec.decompress(attack)
            outcome = "picture"
        except AecodecError as error:
            outcome = f"exit status {error.exit_status}"
        seconds.append(time.perf_counter() - start)
        statuses[outcome] = statuses.get(outcome, 0) + 1
    return {
        "attack": name,
        "files": len(attacks),
        **statuses,
        "slowest_ms": round(1000 * max(seconds), 2),
        "memory_grew_mib": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024,
    }


def _damaged(files: list[bytes]) -> Iterator[bytes]:
    for file in files:
        yield from (file[:length] for length in range(len(file)))
        for bit in range(8 * len(file)):
            changed = bytearray(file)
            changed[bit // 8] ^= 1 << bit % 8
            yield bytes(changed)


def _mutated(files: list[bytes], forge: bool) -> Iterator[bytes]:
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


if __name__ == "__main__":
    main()
