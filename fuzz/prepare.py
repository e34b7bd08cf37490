"""Prepares fuzzing: corpora of files and network plans.

python -m fuzz.prepare CODEC FOLDER
"""

from __future__ import annotations

import sys
from contextlib import suppress
from itertools import product
from pathlib import Path

import numpy as np

from aecodec import load_codec, read_header
from aecodec.base.errors import AecodecError
from aecodec.compiler.network_plan import network_plan
from tests.helpers.networks.random_models import LAYERS, Maker

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
_SEEDS = 3


def write_networks(corpus: Path) -> None:
    """Write plans of random layers, of most layers also those for pictures of any size."""
    corpus.mkdir(parents=True, exist_ok=True)
    for (name, layer), seed in product(LAYERS.items(), range(_SEEDS)):
        model = layer(Maker(np.random.default_rng(seed)))
        for is_any_size in (False, True):
            with suppress(AecodecError):
                plan = network_plan(model, is_any_size=is_any_size)
                (corpus / f"{name} {seed} {is_any_size}").write_bytes(plan)


def write_corpus(codec_id: bytes, golden: Path, folder: Path) -> None:
    """Write the golden files of a codec and of the codec `samples`, and beginnings of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(golden.glob("*.aec")):
        content = path.read_bytes()
        if read_header(content).codec_id in (codec_id, b"SAMP"):
            for size in {20, 40, 100, len(content)}:
                (folder / f"{path.stem}_{size}").write_bytes(content[:size])


def main(codec: str, folder: str) -> None:
    codec_id = load_codec(codec).spec.codec_id
    write_corpus(codec_id, GOLDEN, Path(folder, "corpus"))
    write_corpus(codec_id, GOLDEN / "refined", Path(folder, "refined-corpus"))
    write_networks(Path(folder, "network-corpus"))


if __name__ == "__main__":
    main(*sys.argv[1:])
