"""The examples run, as scripts and as notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from aecodec.images import Pixels

EXAMPLES = Path(__file__).parents[1] / "examples"


def code_of(notebook: Path) -> str:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return "\n\n".join("".join(each["source"]) for each in cells if each["cell_type"] == "code")


def test_the_first_autoencoder(
    digits: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notebook's cells, on other digits than the download's, one after the other."""
    some = ((digits[:300], np.zeros(300)), (digits[300:350], np.zeros(50)))
    monkeypatch.setattr(tf.keras.datasets.mnist, "load_data", lambda: some)
    monkeypatch.chdir(tmp_path)
    exec(compile(code_of(EXAMPLES / "first_autoencoder.ipynb"), "notebook", "exec"), {})
    for name in ("reconstructed.png", "code1.png", "code100.png", "my-codec/codec.json"):
        assert (tmp_path / name).exists()


def test_the_notebooks_are_the_scripts() -> None:
    notebook, script = (EXAMPLES / f"first_autoencoder.{end}" for end in ("ipynb", "py"))
    lines = [line for line in script.read_text("utf-8").splitlines() if not line.startswith("#")]
    code = [line for line in code_of(notebook).splitlines() if not line.startswith("#")]
    assert [line for line in code if line] == [line for line in lines if line]
