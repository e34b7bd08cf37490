"""PyTorch modules become codecs without ONNX files of the user."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aecodec.export
from aecodec import AecodecError, ModelError
from aecodec.base.arrays import Pixels
from aecodec.export.torch_pair import _saved
from aecodec.prior_fitting.fitting import PriorOptions


def test_missing_packages_are_named_with_the_install_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(AecodecError, match=r"pip install torch 'aecodec\[onnx\]'"):
        aecodec.export.from_torch(None, None, tmp_path, tmp_path / "codec")


def test_pictures_may_be_tensors_or_batches_with_labels(digits: Pixels, tmp_path: Path) -> None:
    planes = digits[:6, None] / np.float32(255)
    for pictures in (planes, [(planes[:4], "labels"), (planes[4:], "labels")], list(planes)):
        path = _saved(pictures, tmp_path / "pictures.npy")
        np.testing.assert_array_equal(np.load(path), digits[:6, ..., None])
    loader = type("Loader", (list,), {"batch_size": 3})(np.split(planes[:, 0], 2))
    np.testing.assert_array_equal(np.load(_saved(loader, path)), digits[:6])
    with pytest.raises(ModelError, match="different shapes"):
        _saved([planes[0], planes[0].repeat(3, axis=0)], path)
    for scale, values in ((2, "-1 to 1"), (np.nan, "nan")):
        with pytest.raises(ModelError, match=f"{values}.*undo their normalization"):
            _saved(planes * scale - 1, tmp_path / "pictures.npy")


@pytest.mark.slow
def test_a_torch_pair_becomes_a_codec(digits: Pixels, tmp_path: Path) -> None:
    torch: Any = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    nn, images = torch.nn, torch.from_numpy(digits[:120, None]) / 255
    encoder = nn.Sequential(nn.Conv2d(1, 16, 4, 4), nn.ReLU(), nn.Dropout(), nn.Conv2d(16, 6, 1))
    decoder = nn.Sequential(nn.Conv2d(6, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 16, 1))
    decoder.append(nn.PixelShuffle(4))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-2)
    for _ in range(80):
        loss = nn.functional.mse_loss(decoder(encoder(images)), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    options: Any = {"any_size": True, "replace": True, "priors": PriorOptions(4, 0)}
    codec = aecodec.export.from_torch(
        encoder.forward, decoder, images, tmp_path / "mine", **options
    )
    assert encoder.training
    assert codec.spec.name == "mine"
    assert codec.spec.receptive_field
    loss = codec.folder.measured["finest_level"]
    assert loss["float_pair"] - loss["codec"] < 0.3
    with pytest.raises(ModelError, match=r"accepts neither .*nn\.Flatten"):
        aecodec.export.from_torch(nn.Linear(784, 6), decoder, images, tmp_path / "mine", **options)
    with pytest.raises(ModelError, match=r"to ONNX .*data-dependent"):
        aecodec.export.from_torch(
            lambda x: encoder(x[:, : int(x.sum())]), decoder, images, tmp_path / "mine", **options
        )
