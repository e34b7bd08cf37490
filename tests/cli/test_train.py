"""`aecodec train`: its options, and trainings that are stopped in the middle."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command
from helpers.tiny_recipe import tiny_recipe
from PIL import Image

import aecodec
from aecodec.base.arrays import Pixels

EPOCHS = {"tile.toml": 60, "picture.toml": 6}
"""Enough for a training to be stopped before its end on a busy machine."""


@pytest.fixture
def recipes(folder: Path, digits: Pixels, photograph: Pixels) -> Path:
    np.save("digits.npy", digits[:120])
    Path("tile.toml").write_text(tiny_recipe(EPOCHS["tile.toml"]))
    pictures = tiny_recipe(EPOCHS["picture.toml"], networks="picture", tile=32, channels=[12])
    Path("picture.toml").write_text(pictures)
    Path("pictures").mkdir()
    for number in range(6):
        picture = Image.fromarray(photograph).rotate(15 * number).resize((90 + 8 * number, 70))
        picture.save(f"pictures/{number}.png")
    return folder


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "aecodec", "train", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "100"},
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "data", "recipe"),
    [(signal.SIGINT, "digits.npy", "tile.toml"), (signal.SIGKILL, "pictures", "picture.toml")],
)
def test_a_stopped_training_goes_on(
    recipes: Path, how: signal.Signals, data: str, recipe: str
) -> None:
    arguments = (data, "-o", "mine", "--recipe", recipe)
    with start(*arguments) as training:
        assert any(line.startswith("epoch 2,") for line in training.stderr or ())
        training.send_signal(how)
        _, errors = training.communicate()
    if how is signal.SIGINT:
        assert (training.returncode, "use --resume to continue" in errors) == (0, True)
        assert aecodec.load_codec("mine").spec.name == "mine"
    else:
        assert training.returncode == -signal.SIGKILL
        with pytest.raises(aecodec.CodecError):
            aecodec.load_codec("mine")
    with start(*arguments, "--resume") as training:
        table, errors = training.communicate()
    assert training.returncode == 0, errors
    assert "epoch 1," not in errors
    assert f"epoch {EPOCHS[recipe]}, 100%" in errors
    assert table.startswith("mine (")
    assert re.search("level +PSNR, dB +bpp +WebP .*AVIF\n +1 ", table)
    for figure in ("curves.png", "results.png"):
        assert Path("mine", figure).read_bytes().startswith(b"\x89PNG")
    with Path("mine/results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows[-2:]] == [EPOCHS[recipe] - 2, EPOCHS[recipe] - 1]
    assert {"loss", "val_loss", "learning_rate", "val_psnr1"} < set(rows[0])
    assert [path.name for path in Path("mine").iterdir() if path.is_dir()] == []
    aecodec.load_codec("mine").compress(np.full((28, 28, 3), 90, np.uint8))


@pytest.mark.slow
def test_a_line_appears_once_in_a_terminal(recipes: Path) -> None:
    command = f"{sys.executable} -m aecodec train digits.npy -o mine --recipe tile.toml --epochs 1"
    terminal = ["script", "-qec", command, "/dev/null"]
    shown = subprocess.run(terminal, capture_output=True, text=True, check=True).stdout
    steps = re.findall("^.*(?:fitting the priors|measuring the codec).*$", shown, re.MULTILINE)
    assert steps == ["fitting the priors ...", "measuring the codec ..."]


def test_logs_without_tensorboard_are_an_error_before_training(
    recipes: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    result = command("train", "digits.npy", "-o", "mine", "--tensorboard", "logs")
    assert (result.status, "pip install 'aecodec[train]'" in result.err) == (1, True)


@pytest.mark.slow
def test_options_override_the_recipe(recipes: Path, command: Command) -> None:
    options = "--epochs 5 --patience 1 --learning-rate 1e-12 --batch-size 17 --device cpu"
    options += " --code-dim 6 --seed 5 --quiet"
    line = f"train digits.npy -o mine --recipe tile.toml --tile 20 --name digitlike {options}"
    assert command(*line.split()).status == 0
    codec = aecodec.load_codec("mine")
    assert (codec.spec.name, codec.spec.tile) == ("digitlike", (20, 20))
    assert [level.code_dimension for level in codec.spec.levels] == [3, 6]
    assert len(Path("mine/results.csv").read_text().splitlines()) == 1 + 2
    for more, error in (
        ("", "replace them with --force"),
        ("--resume", "no interrupted run"),
        ("--from mine --force", "is the codec of --from"),
        ("--force --device 9", "no device 9: use --device"),
    ):
        refused = command(*line.split(), *more.split())
        assert (refused.status in (1, 2), error in refused.err) == (True, True)
    unfit = "train pictures -o other --recipe picture.toml --tile 40 --quiet"
    assert "multiples of 16" in command(*unfit.split()).err
    tune = "train digits.npy -o next --recipe tile.toml --tile 20 --code-dim 6"
    assert command(*tune.split(), "--from", "mine", "--epochs", 1, "--quiet").status == 0
