"""Prepares fuzzing: a codec file with one level, and corpora of files and network plans.

python -m fuzz.prepare CODEC LEVEL FOLDER
"""

from __future__ import annotations

import sys
from contextlib import suppress
from itertools import product
from pathlib import Path

import numpy as np

from aecodec import load_codec, read_header
from aecodec.base.errors import AecodecError
from aecodec.codec_files.codec_file import SectionKind, pack_codec, without
from aecodec.codec_files.folder import CodecFolder
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


def write_bundle(folder: CodecFolder, number: float, to: Path) -> None:
    """Write a codec file with one level, for the library."""
    sections = folder.sections
    kept = [s for s in sections if s.kind != SectionKind.LEVEL or s.level == int(number)]
    content = pack_codec(folder.spec, folder.rdoq, without(sections, keeps=kept))
    (to / "codec.aecodec").write_bytes(content)


def main(codec: str, level: str, folder: str) -> None:
    """Write the codec file and the corpora."""
    opened = load_codec(codec)
    write_corpus(opened.spec.codec_id, GOLDEN, Path(folder, "corpus"))
    write_corpus(opened.spec.codec_id, GOLDEN / "refined", Path(folder, "refined-corpus"))
    write_bundle(opened.folder, float(level), Path(folder))
    write_networks(Path(folder, "network-corpus"))


if __name__ == "__main__":
    main(*sys.argv[1:])
