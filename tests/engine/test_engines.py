"""The two engines: the same codes, the same bytes for the same latents, and the choice of one."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.codecs.made_up_codecs import folder_of
from helpers.strategies import priors
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec import Codec, UsageError, load_codec
from aecodec.arrays import Pixels
from aecodec.codec.base import Execution
from aecodec.codec.encoded_picture import EncodedPicture
from aecodec.coding.levels import Level
from aecodec.coding.payload import Segment
from aecodec.engine.choice import VARIABLE
from aecodec.engine.python import PythonEngine
from aecodec.entropy.prior import Prior
from aecodec.imaging.picture import from_array
from aecodec.parallel import Workers

c = pytest.importorskip("aecodec.engine.c", reason="the core is not installed")
NAMES = ("digits", "photo")
ENGINES = (c.CEngine(), PythonEngine())


def codecs(name: str) -> Iterator[Codec]:
    for engine in ENGINES:
        yield Codec(load_codec(name).folder, Execution(engine=engine))


def encoded_by(codec: Codec, pixels: Pixels) -> EncodedPicture:
    picture = from_array(pixels)
    return codec.encoder.encode(picture, codec.encoder.header(picture))


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("photo", 1),
        ("photo", 1.5),
        ("photo", 4),
        ("photo", 8),
        ("digits", 1),
        ("digits", 2),
        ("digits", 3),
    ],
)
def test_the_same_latents_become_the_same_bytes(
    photograph: Pixels, digits: Pixels, name: str, level: float
) -> None:
    core, python = codecs(name)
    encoded = encoded_by(core, photograph[:190, :250] if name == "photo" else digits[:50])
    again = encoded._replace(execution=python.execution)
    assert encoded.to_bytes(level) == again.to_bytes(level)
    assert (encoded.dequantized(level) == again.dequantized(level)).all()


@pytest.mark.parametrize("name", NAMES)
def test_each_reads_the_codes_of_the_other(photograph: Pixels, name: str) -> None:
    core, python = codecs(name)
    for maker in (core, python):
        data = maker.compress(photograph[:100, :120])
        assert (core.decoder.codes(data) == python.decoder.codes(data)).all()


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("window", [7, 96])
def test_pixels_depend_on_neither_threads_nor_windows(
    photograph: Pixels, threads: int, window: int
) -> None:
    whole = next(codecs("photo"))
    data = whole.compress(photograph[:300, :400])
    codec = Codec(whole.folder, Execution(c.CEngine(), window, Workers(threads)))
    assert (codec.decompress_frames(data) == whole.decompress_frames(data)).all()
    assert codec.compress(photograph[:300, :400]) == data


@settings(max_examples=60, deadline=None)
@given(priors(), st.booleans(), st.integers(0, 2**32))
def test_any_tables_make_the_same_messages(prior: Prior, has_gains: bool, seed: int) -> None:
    """Also if a vector selects its prior before its codes are decided, as with gains."""
    rng, channels = np.random.default_rng(seed), prior.code_dimension
    prior = replace(prior, offset=prior.offset.clip(-128, 127))
    gains = tuple(rng.integers(-600, 1, channels).tolist()) if has_gains else ()
    segment = Segment(tuple(slice(0, int(end)) for end in rng.integers(1, (3, 9, 9))))
    with tempfile.TemporaryDirectory() as path:
        folder = folder_of(prior, Level(0, channels, 1, gains), 1, 1, Path(path) / "codec")
        coders = [engine.coder(folder, 1) for engine in ENGINES]
        spread = rng.choice([1, 5, 50])
        latents = rng.normal(0, spread, (*segment.shape, *folder.spec.code_shape)).clip(-128, 127)
        messages = [coder.encode(latents.astype(np.int8), segment) for coder in coders]
        assert messages[0][0] == messages[1][0]
        for coder, (message, codes) in zip(coders, messages[::-1], strict=True):
            assert (coder.decode(message, segment) == codes).all()


@pytest.mark.parametrize(("name", "engine"), [("", "c"), ("python", "python")])
def test_the_environment_chooses_the_engine(name: str, engine: str) -> None:
    program = "import aecodec; print(aecodec.load_codec('digits'))"
    environment = {**os.environ, VARIABLE: name}
    output = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)
    assert output.endswith(f"engine {engine})\n")


def test_an_unknown_engine_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "rust")
    with pytest.raises(UsageError, match="AECODEC_ENGINE=rust: the engines are c and python"):
        load_codec("digits").compress(np.zeros((28, 28), np.uint8))
