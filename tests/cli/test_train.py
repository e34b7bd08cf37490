"""`aecodec train`: its options, and trainings that are stopped in the middle."""

from __future__ import annotations

import os
import re
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
    assert re.search("level +PSNR, dB +bpp +WebP .*AVIF\n +1 ", table)
    assert Path("mine/curves.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in Path("mine").iterdir() if path.is_dir()] == []
    codec = aecodec.load_codec("mine")
    for size in ((1, 1), (17, 33), (200, 1)):
        picture = np.full((*size, 3), 90, np.uint8)
        assert codec.decompress(codec.compress(picture)).size == size[::-1]
    if data != "pictures":
        call("train", data, "-o", "next", "--recipe", recipe, *FROM_MINE)


@pytest.mark.slow
def test_options_override_the_recipe(folder: Path) -> None:
    options = "--epochs 1 --code-dim 6 --seed 5 --quiet"
    made = f"digits.npy -o mine --recipe tile.toml --tile 20 --name digitlike {options}"
    call("train", *made.split())
    codec = aecodec.load_codec("mine")
    assert codec.spec.name == "digitlike"
    assert codec.spec.tile == (20, 20)
    assert [level.code_dimension for level in codec.spec.levels] == [3, 6]
    with pytest.raises(UsageError, match="replace them with --force"):
        call("train", *made.split())
    with pytest.raises(UsageError, match="no interrupted training"):
        call("train", *made.split(), "--resume")
    with pytest.raises(UsageError, match="is the codec of --from"):
        call("train", *made.split(), "--from", "mine", "--force")
    unfit = "pictures -o other --recipe picture.toml --tile 40 --quiet"
    with pytest.raises(ModelError, match="multiples of 16"):
        call("train", *unfit.split())
