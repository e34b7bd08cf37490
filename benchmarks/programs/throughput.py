"""How many digits per second, as one array, both ways, and which part takes how long?

The MNIST test set as one array, in a warm process; the shortest of five rounds. Prior selection is
a part of encoding the codes.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator

import aecodec
from aecodec.arrays import Pixels
from aecodec.entropy import coding
from aecodec.entropy.prior_selection import select
from benchmarks.harness import Options, Row, least_seconds
from benchmarks.pictures import mnist

_ROUNDS = 5


def add_arguments(parser: Options) -> None:
    """Add the data."""
    parser.add_data(help="mnist.npz")


def measure(options: Namespace) -> Iterator[Row]:
    """One row for each way, and for each part."""
    _, digits = mnist(options.data)
    for part, work in _work(digits).items():
        seconds = least_seconds(work, _ROUNDS)
        yield {
            "part": part,
            "seconds": round(seconds, 4),
            "digits_per_second": round(len(digits) / seconds),
        }


def _work(digits: Pixels) -> dict[str, Callable[[], object]]:
    codec = aecodec.load_codec("digits")
    data = codec.compress(digits)
    codes = codec.encoder.codes(digits[..., None])
    prior = codec.folder.prior()
    message = coding.encode(prior, codes)
    return {
        "compress": lambda: codec.compress(digits),
        "decompress": lambda: codec.decompress_frames(data),
        "encoder network": lambda: codec.encoder.codes(digits[..., None]),
        "prior selection": lambda: select(prior, codes),
        "encode the codes": lambda: coding.encode(prior, codes),
        "decode the codes": lambda: coding.decode(prior, message, len(codes)),
        "decoder network": lambda: codec.decoder.reconstruct(codes),
    }
