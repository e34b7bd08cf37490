"""`aecodec train`: its options, and trainings that are stopped in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import call
from helpers.tiny_recipe import tiny_recipe
from PIL import Image

import aecodec
from aecodec.arrays import Pixels
from aecodec.errors import ModelError, UsageError
from aecodec.format.container import NOT_REDUCED
from aecodec.imaging.picture import from_array
from aecodec.training import Autoencoder, load_model
from aecodec.training.recipe import load_recipe
from aecodec.training.warm_start import start_from_codec
from aecodec.training.zoo import PAIRS

EPOCHS = {"tile.toml": 60, "picture.toml": 6}
"""Enough for a training to be stopped before its end on a busy machine."""

FROM_MINE = ("--from", "mine", "--epochs", "1", "--quiet")


@pytest.fixture
def folder(
    digits: Pixels, photograph: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The working folder, with pictures of different sizes, an array, and recipes for them."""
    monkeypatch.chdir(tmp_path)
    np.save("digits.npy", digits[:120])
    Path("tile.toml").write_text(tiny_recipe(EPOCHS["tile.toml"]))
    pictures = tiny_recipe(EPOCHS["picture.toml"], networks="picture", tile=32, channels=[12])
    Path("picture.toml").write_text(pictures)
    Path("pictures").mkdir()
    for number in range(6):
        picture = Image.fromarray(photograph).rotate(15 * number).resize((90 + 8 * number, 70))
        picture.save(f"pictures/{number}.png")
    return tmp_path


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "aecodec", "train", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "100"},
    )


def stopped_after_two_epochs(how: signal.Signals, *arguments: str) -> tuple[int, str]:
    with start(*arguments) as training:
        assert training.stderr is not None
        for line in training.stderr:
            if line.startswith("epoch 2,"):
                training.send_signal(how)
                break
        _, said = training.communicate()
    return training.returncode, said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "data", "recipe"),
    [(signal.SIGINT, "digits.npy", "tile.toml"), (signal.SIGKILL, "pictures", "picture.toml")],
)
def test_a_stopped_training_goes_on(
    folder: Path, how: signal.Signals, data: str, recipe: str
) -> None:
    arguments = (data, "-o", "mine", "--recipe", recipe)
    status, said = stopped_after_two_epochs(how, *arguments)
    if how is signal.SIGINT:
        assert status == 0
        assert "use --resume to continue" in said
        assert aecodec.load_codec("mine").spec.name == "mine"
    else:
        assert status == -signal.SIGKILL
        with pytest.raises(aecodec.CodecError):
            aecodec.load_codec("mine")
    with start(*arguments, "--resume") as training:
        table, said = training.communicate()
    assert training.returncode == 0, said
    assert "epoch 1," not in said
    assert f"epoch {EPOCHS[recipe]}, 100%" in said
    assert table.startswith("mine (")
    assert [path.name for path in Path("mine").iterdir() if path.is_dir()] == []
    codec = aecodec.load_codec("mine")
    for size in ((1, 1), (17, 33), (200, 1)):
        picture = np.full((*size, 3), 90, np.uint8)
        assert codec.decompress(codec.compress(picture)).size == size[::-1]
    assert_another_training_starts_from_it(codec, recipe)
    if data == "pictures":
        assert_levels_lie_between(codec)
        assert_fewer_pixels_make_fewer_bytes(codec)
    else:
        call("train", data, "-o", "next", "--recipe", recipe, *FROM_MINE)


def assert_another_training_starts_from_it(codec: aecodec.Codec, recipe: str) -> None:
    """A new pair of the same networks computes what the codec's does, in its own units."""
    tile = 28 if recipe == "tile.toml" else 32
    shape = (tile, tile, codec.spec.channels)
    pair = PAIRS[load_recipe(recipe).networks].build(shape, codec.spec.code_shape[-1])
    autoencoder = Autoencoder(*pair)
    start_from_codec(autoencoder, codec.folder, levels=2)
    encoder, decoder = (load_model(codec.folder.path / f"{n}.hdf5") for n in ("encoder", "decoder"))
    images = np.random.default_rng(0).random((2, *shape), np.float32)
    latents, stored = np.asarray(autoencoder.encoder(images)), np.asarray(encoder(images))
    decoded = np.asarray(autoencoder.decoder(latents))
    assert decoded == pytest.approx(np.asarray(decoder(stored)), abs=1e-3)
    all_gains = np.ones((2, 1)) if autoencoder.gains is None else autoencoder.gains
    for level, gains in zip(codec.spec.levels, all_gains, strict=True):
        factors = level.factors / (1 << 15) if level.gains else 1
        assert latents * gains == pytest.approx(stored * factors, rel=1e-3, abs=1e-3)
    with pytest.raises(ModelError, match="3"):
        start_from_codec(autoencoder, codec.folder, levels=3)
    larger = Autoencoder(*PAIRS["tile"].build((20, 20, codec.spec.channels), 5))
    with pytest.raises(ModelError, match="shape"):
        start_from_codec(larger, codec.folder, levels=2)


def assert_levels_lie_between(codec: aecodec.Codec) -> None:
    picture = np.asarray(Image.open("pictures/0.png"))
    sizes = [len(codec.compress(picture, level=level)) for level in (1, 1.5, 2)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]
    for level in (1, 1 + 1 / 16, 1.5, 2):
        file = codec.compress(picture, level=level)
        assert codec.decoder.level_of(aecodec.read_header(file)) == level
        expected = codec.encoder.codes(picture[None], level)
        assert (codec.decoder.codes(file) == expected).all()


def assert_fewer_pixels_make_fewer_bytes(codec: aecodec.Codec) -> None:
    picture = from_array(np.asarray(Image.open("pictures/0.png")))
    smallest = len(codec.compress(picture, level=1))
    file = codec.compress_picture(picture, max_bytes=smallest // 2)
    assert len(file.data) <= smallest // 2
    assert file.encoded.header.reduction > NOT_REDUCED
    assert codec.decoder.decompress_picture(file.data).size == picture.size


@pytest.mark.slow
def test_options_override_the_recipe(folder: Path) -> None:
    options = "--epochs 1 --levels 3 --code-dim 6 --rate-weight 0.05 --priors 3 --seed 5 --quiet"
    made = f"digits.npy -o mine --recipe tile.toml --tile 20 --name digitlike {options}"
    call("train", *made.split())
    codec = aecodec.load_codec("mine")
    assert codec.spec.name == "digitlike"
    assert codec.spec.tile == (20, 20)
    assert [level.code_dimension for level in codec.spec.levels] == [3, 4, 6]
    assert codec.folder.prior(3).priors == 3
    with pytest.raises(UsageError, match="replace them with --force"):
        call("train", *made.split())
    with pytest.raises(UsageError, match="no interrupted training"):
        call("train", *made.split(), "--resume")
    with pytest.raises(UsageError, match="is the codec of --from"):
        call("train", *made.split(), "--from", "mine", "--force")
    unfit = "pictures -o other --recipe picture.toml --tile 40 --quiet"
    with pytest.raises(ModelError, match="multiples of 16"):
        call("train", *unfit.split())
