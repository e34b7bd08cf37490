"""A digest of all that must be the same integers on every machine, and what computed it.

    python tests/helpers/codecs/exactness.py THREADS

prints them as JSON. It is run with other kernels of BLAS and NumPy, which the environment selects.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy._core._multiarray_umath import __cpu_features__
from threadpoolctl import threadpool_info, threadpool_limits

import aecodec
from aecodec.coding.levels import MIN_GAIN, Level
from aecodec.coding.message_coder import PriorCoder
from aecodec.coding.payload import encode_payload
from aecodec.coding.rdoq import UNMASKED, rdoq_symbols
from aecodec.entropy import coding
from aecodec.entropy.costs import integer_costs

sys.path.insert(0, str(Path(__file__).parents[2]))
from helpers.codecs.golden import GOLDEN, codec_of
from helpers.networks.extreme_networks import extreme_network, extreme_vectors, moves_of

_VECTORS = 300


def integers() -> Iterator[np.ndarray | bytes]:
    """Moves of tables, codes, costs, factors and messages."""
    rng = np.random.default_rng(0)
    for spatial in (False, True):
        network = extreme_network(rng, "ends", "ends", spatial=spatial)
        vectors = extreme_vectors(rng, network, _VECTORS)
        for count in (1, 5, _VECTORS):  # for which BLAS has kernels of their own
            yield moves_of(network, vectors.first(count), at_once=True)
            yield moves_of(network, vectors.first(count), at_once=False)
    yield integer_costs(np.arange(1, 1 << 16))
    yield Level(0, 1 - MIN_GAIN, gains=tuple(range(MIN_GAIN, 1))).factors
    for path in sorted(GOLDEN.glob("*.aec")):
        content = path.read_bytes()
        yield codec_of(content).decoder.codes(content)
    yield from messages(rng)


def messages(rng: np.random.Generator) -> Iterator[bytes]:
    """Messages of made-up codes and latents at every level of `digits`, and at some of `photo`."""
    digits, photo = aecodec.load_codec("digits"), aecodec.load_codec("photo")
    for number in (1, 2, 3):
        prior = digits.folder.prior(number)
        codes = rng.integers(-6, 7, (40, prior.code_dimension)).astype(np.int16)
        yield coding.encode(prior, codes)
    for number in (1, 2.5, 8):
        prior, level = photo.folder.prior(number), photo.spec.level(number)
        shape = (1, 9, 13, photo.spec.latent_channels)
        latents = (rng.integers(-128, 128, shape) // rng.integers(1, 60, shape)).astype(np.int8)
        coder = PriorCoder(prior, level, partial(rdoq_symbols, UNMASKED, level))
        yield encode_payload(coder, latents)


def digest() -> str:
    """SHA-256 of all these integers."""
    found = hashlib.sha256()
    for each in integers():
        found.update(each if isinstance(each, bytes) else each.astype(np.int64).tobytes())
    return found.hexdigest()


def main(threads: str) -> None:
    """Print the digest, and what computed it."""
    with threadpool_limits(int(threads), user_api="blas"):
        blas = [each for each in threadpool_info() if each["user_api"] == "blas"]
        report = {
            "kernels": [each.get("architecture") for each in blas],
            "threads": [each["num_threads"] for each in blas],
            "features": [name for name, is_used in __cpu_features__.items() if is_used],
            "digest": digest(),
        }
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1])
