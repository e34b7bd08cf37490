"""How many digits a second, as one array, both ways, and which part takes how long?

python -m benchmarks.throughput mnist.npz [--json FILE]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import aecodec
from aecodec.competition import choose
from benchmarks.rows import arguments, least_seconds, write_rows

_ROUNDS = 5


def main() -> None:
    options = arguments(__doc__).parse_args()
    digits = np.load(options.data)["x_test"]
    rows = [measure(name, work, len(digits)) for name, work in _work(digits).items()]
    for row in rows:
        print(f"{row['part']:<18} {row['seconds']:.3f} s  {row['digits_a_second']:9.0f} digits/s")
    write_rows(options.json, rows)


def _work(digits: np.ndarray[Any, Any]) -> dict[str, Callable[[], object]]:
    codec = aecodec.load_codec("digits")
    data = codec.compress(digits)
    codes = codec.encoder.codes(digits[..., None])
    prior = codec.folder.prior()
    payload = prior.encode(codes)
    return {
        "compress": lambda: codec.compress(digits),
        "decompress": lambda: codec.decompress(data),
        "  encoder network": lambda: codec.encoder.codes(digits[..., None]),
        "  prior's choice": lambda: choose(prior, codes),
        "  prior and coder": lambda: prior.encode(codes),
        "  decode the codes": lambda: prior.decode(payload, len(codes)),
        "  decoder network": lambda: codec.decoder.planes(codes),
    }


def measure(part: str, work: Callable[[], object], digits: int) -> dict[str, Any]:
    """The best of a few rounds."""
    best = least_seconds(work, _ROUNDS)
    return {"part": part, "seconds": round(best, 4), "digits_a_second": round(digits / best)}


if __name__ == "__main__":
    main()
