"""HDF5 files hold exactly the weights of a model, and shipped ones open."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import keras
import pytest
from keras import layers

from aecodec import ModelError
from aecodec.keras_models.model_files import load_model, register_custom_objects


def broken(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.h5"
    if kind == "SavedModel":
        path = folder / kind
        path.mkdir()
        (path / "saved_model.pb").touch()
    elif kind == "weights":
        keras.Sequential([keras.Input((3,)), layers.Dense(2)]).save_weights(
            path := folder / "a.weights.h5"
        )
    elif kind == "lambda":
        keras.Sequential([keras.Input((3,)), layers.Lambda(lambda x: x)]).save(path)
    elif kind == "unknown":
        keras.Sequential([keras.Input((3,)), Halved()]).save(path)
    elif kind == "text":
        path.write_text("no model")
    return path


class Halved(layers.Layer):
    def call(self, inputs: object) -> object:
        return inputs / 2


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("SavedModel", "tf_keras.models.load_model"),
        ("weights", "model.load_weights"),
        ("lambda", "keras.ops"),
        ("unknown", "--custom-objects module:Halved"),
        ("text", "cannot open"),
        ("missing", "no such file"),
    ],
)
def test_a_file_that_does_not_open_comes_with_advice(
    kind: str, advice: str, tmp_path: Path
) -> None:
    path = broken(kind, tmp_path)
    with pytest.raises(ModelError, match=advice) as raised:
        load_model(path)
    assert str(path) in str(raised.value)


def test_custom_objects_are_imported_only_when_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(
        "import keras\n\nclass Doubled(keras.layers.Layer):\n"
        "    def call(self, inputs):\n        return inputs * 2\n"
    )
    with mock.patch.dict(keras.saving.get_custom_objects()):
        register_custom_objects(["mine.py:Doubled"])
        doubled = keras.saving.get_custom_objects()["Doubled"]
        keras.Sequential([keras.Input((3,)), doubled()]).save("model.h5")
        assert load_model("model.h5").output_shape == (None, 3)
    with pytest.raises(ModelError, match="Doubled"):
        load_model("model.h5")
