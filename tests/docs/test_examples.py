"""The example runs as a notebook, whose code is that of its script."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from helpers.documents import ROOT

from aecodec.arrays import Pixels

SCRIPT = ROOT / "examples" / "first_autoencoder.py"
NOTEBOOK = SCRIPT.with_suffix(".ipynb")


def code_of(notebook: Path) -> str:
    """The code cells of a notebook, one after the other."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def test_the_notebook_trains_an_autoencoder_and_makes_a_codec(
    digits: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cells run in their order, on a few other digits than those of the download."""
    few = ((digits[:150], np.zeros(150)), (digits[300:320], np.zeros(20)))
    monkeypatch.setattr(tf.keras.datasets.mnist, "load_data", lambda: few)
    monkeypatch.chdir(tmp_path)
    exec(compile(code_of(NOTEBOOK), NOTEBOOK.name, "exec"), {})
    for name in ("reconstructed.png", "code1.png", "code100.png", "my-codec/codec.json"):
        assert (tmp_path / name).exists()


def test_the_notebook_has_the_code_of_the_script() -> None:
    lines = [line for line in SCRIPT.read_text("utf-8").splitlines() if not line.startswith("#")]
    code = [line for line in code_of(NOTEBOOK).splitlines() if not line.startswith("#")]
    assert [line for line in code if line] == [line for line in lines if line]
