"""ONNX models become Keras models with channels last that compute the same values."""

from __future__ import annotations

import importlib
import os
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from keras import layers
from onnx.reference import ReferenceEvaluator

import aecodec.keras_models
from aecodec import AecodecError, AecodecWarning, ModelError
from aecodec.cli.shared.lazy_tensorflow import tensorflow_for
from aecodec.export.tflite.conversion import check_pair_convertible
from aecodec.keras_models.model_files import load_model
from aecodec.keras_models.onnx_files import load_onnx
from aecodec.keras_models.onnx_values import Array
from aecodec.keras_models.pair import KerasPair

GROUP_NORM = """
    r = Constant<value_ints=[0, 2, -1]>()  n = Reshape(x, r)
    i = InstanceNormalization<epsilon=1e-5>(n, one, zero)
    s = Shape(x)  b = Reshape(i, s)  m = Mul(b, w)  y = Add(m, v)"""
GELU = """
    c = Constant<value_float=1.4142135>()  d = Div(x, c)  e = Erf(d)
    o = Constant<value_float=1.0>()  a = Add(e, o)  m = Mul(x, a)
    h = Constant<value_float=0.5>()  y = Mul(m, h)"""
HEADS = """
    t = Transpose<perm=[2, 0, 1]>(x)  q = MatMul(t, w)
    r = Constant<value_ints=[5, 4, 2]>()  z = Reshape(q, r)
    l = Transpose<perm=[1, 0, 2]>(z)  k = Transpose<perm=[1, 2, 0]>(z)
    p = MatMul(l, k)  a = Softmax<axis=-1>(p)  o = MatMul(a, l)
    b = Transpose<perm=[1, 0, 2]>(o)  s = Constant<value_ints=[5, 1, 8]>()
    c = Reshape(b, s)  y = Transpose<perm=[1, 2, 0]>(c)"""
PICTURE, TOKENS = "float[N,3,8,8] x", "float[N,8,5] x"
CASES = {
    "strided": (PICTURE + ", float[4,3,3,3] w, float[4] b",
        "y = Conv<strides=[2,2], pads=[1,1,1,1]>(x, w, b)"),
    "grouped": (PICTURE + ", float[6,1,5,5] w",
        "c = Conv<group=3, pads=[2,2,2,2]>(x, w)  y = LeakyRelu<alpha=0.2>(c)"),
    "of rows": (TOKENS + ", float[4,4,3] w, float[4] b",
        "y = Conv<group=2, strides=[2], pads=[2,1]>(x, w, b)"),
    "transposed": (PICTURE + ", float[3,4,4,4] w, float[4] b",
        "y = ConvTranspose<strides=[2,2], pads=[1,1,1,1]>(x, w, b)"),
    "transposed, cropped": (PICTURE + ", float[3,4,5,2] w, float[4] b",
        "y = ConvTranspose<strides=[2,3], pads=[2,0,1,0], output_padding=[0,2]>(x, w, b)"),
    "batch norm": (PICTURE + ", float[3] s, float[3] b, float[3] m, float[3] v",
        "n = BatchNormalization(x, s, b, m, v)  y = Elu(n)"),
    "group norm": ("float[N,4,3,5] x, float[2] one, float[2] zero, float[4,1,1] w, float[4,1,1] v",
        GROUP_NORM),
    "layer norm": (PICTURE + ", float[3] w, float[3] b",
        "t = Transpose<perm=[0,2,3,1]>(x)  n = LayerNormalization(t, w, b)"
        "y = Transpose<perm=[0,3,1,2]>(n)"),
    "gelu": (PICTURE, GELU),
    "shuffle": ("float[N,12,4,4] x", 'y = DepthToSpace<blocksize=2, mode="CRD">(x)'),
    "heads": (TOKENS + ", float[8,8] w", HEADS),
    "nearest": (PICTURE + ", float[0] r", "s = Constant<value_floats=[1., 1., 2., 2.]>()"
        'y = Resize<mode="nearest", coordinate_transformation_mode="asymmetric", '
        'nearest_mode="floor">(x, r, s)'),
    "bilinear": (PICTURE + ", float[0] r", "s = Constant<value_floats=[1., 1., 2., 2.]>()"
        'y = Resize<mode="linear">(x, r, s)'),
    "linear": ("float[N,1,4,6] x, float[5,24] w, float[5] b",
        "f = Flatten(x)  g = Gemm<transB=1>(f, w, b)  y = Sigmoid(g)"),
    "pools": (PICTURE, "p = MaxPool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(x)"
        "q = AveragePool<kernel_shape=[3,3], pads=[1,1,1,1], count_include_pad=1>(p)"
        "g = GlobalAveragePool(x)  y = Mul(g, q)"),
    "skip": (PICTURE, 'p = Constant<value_ints=[0,0,1,1,0,0,1,1]>()  e = Pad<mode="reflect">(x, p)'
        "c = Constant<value_ints=[1,1]>()  o = Constant<value_ints=[9,9]>()"
        "a = Constant<value_ints=[2,3]>()  s = Slice(e, c, o, a)  u, v = Split<axis=1, "
        "num_outputs=2>(s)  j = Concat<axis=1>(v, u)  y = Add(j, x)"),
    "statistics": (TOKENS, "a = Constant<value_ints=[-1]>()  m = ReduceMean(x, a)  d = Sub(x, m)"
        "t = Constant<value_float=2.0>()  p = Pow(d, t)  v = ReduceMean(p, a)  q = Sqrt(v)"
        "y = Div(d, q)"),
    "transposed, grouped": (PICTURE + ", float[3,1,3,3] w",
        "y = ConvTranspose<strides=[2,2], group=3, dilations=[2,1], pads=[1,1,1,0]>(x, w)"),
    "nearest code": (PICTURE + ", float[3,9] w, float[9] b", "t = Transpose<perm=[0,2,3,1]>(x)"
        "p = MatMul(t, w)  d = Sub(b, p)  y = ArgMin<axis=-1, keepdims=0>(d)"),
    "lookup": ("float[N,4,4] x, float[5,3] w", "a = Abs(x)  i = Cast<to=7>(a)  g = Gather(w, i)"
        "y = Transpose<perm=[0,3,1,2]>(g)"),
    "one hot": ("float[N,4] x, float[5,3] w", "a = Abs(x)  i = Cast<to=7>(a)"
        "d = Constant<value_int=5>()  v = Constant<value_floats=[0., 1.]>()"
        "o = OneHot(i, d, v)  y = MatMul(o, w)"),
    "unfold": (PICTURE, "i = Constant<value = int64[2,4] {0, 2, 4, 6, 1, 3, 5, 7}>()"
        "r = Gather<axis=2>(x, i)  c = Gather<axis=4>(r, i)  t = Transpose<perm=[0,1,2,4,3,5]>(c)"
        "s = Constant<value_ints=[1, 12, 16]>()  y = Reshape(t, s)"),
    "fold": ("float[N,12,16] x", "i = Constant<value_ints=[8,8]>()"
        "b = Constant<value_ints=[2,2]>()  y = Col2Im<strides=[2,2]>(x, i, b)"),
    "class token": (TOKENS + ", float[1,8,1] w",
        "c = Celu<alpha=0.5>(x)  y = Concat<axis=2>(w, c)"),
    "sums of products": (PICTURE + ", float[5,3,8] w", 'e = Einsum<equation="nchw,och->nohw">(x, w)'
        's = Einsum<equation="nohw,nchw->nch">(e, x)  y = Einsum<equation="nch->nhc">(s)'),
    "heads with weights": (TOKENS + ", float[2,4,6] w",
        "r = Constant<value_ints=[1, 2, 4, 5]>()  h = Reshape(x, r)"
        'y = Einsum<equation="bhdn,hde->bhen">(h, w)'),
    "part of six axes": (PICTURE, "r = Constant<value_ints=[1, 3, 2, 4, 2, 2, 2]>()"
        "s = Reshape(x, r)  a, b = Split<axis=4, num_outputs=2>(s)  y = Flatten(b)"),
    "smaller": (PICTURE + ", float[0] r", "s = Constant<value_floats=[1., 1., 0.5, 0.5]>()"
        'y = Resize<mode="linear">(x, r, s)'),
    "another size": (PICTURE, "s = Constant<value_ints=[1, 3, 12, 5]>()"
        'y = Resize<mode="cubic">(x, , , s)'),
    "corners": (PICTURE, "s = Constant<value_floats=[1., 1., 1.5, 2.]>()"
        'y = Resize<mode="linear", coordinate_transformation_mode="align_corners">(x, , s)'),
}  # fmt: skip


def saved(entries: str, nodes: str, path: Path, **weights: Array) -> Path:
    """A model with one input `x`, weights that are random unless given, and one output `y`."""
    text = f'<ir_version: 9, opset_import: ["": 20]> g ({entries}) => (float y) {{ {nodes} }}'
    graph = (model := onnx.parser.parse_model(text)).graph
    rng = np.random.default_rng(0)
    for entry in list(graph.input)[1:]:
        shape = [side.dim_value for side in entry.type.tensor_type.shape.dim]
        array = weights.get(entry.name, rng.random(shape) + 0.1).astype(np.float32)
        graph.initializer.append(onnx.numpy_helper.from_array(array, entry.name))
        graph.input.remove(entry)
    path = path if path.suffix else path / "model.onnx"
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("name", CASES)
def test_keras_computes_what_onnx_computes(name: str, tmp_path: Path) -> None:
    path = saved(*CASES[name], tmp_path, one=np.ones(2), zero=np.zeros(2))
    model: Any = load_onnx(path)
    reference: Any = ReferenceEvaluator(str(path))
    sides = model.input_shape[1:]
    images = np.random.default_rng(1).normal(size=(2, *sides)).astype(np.float32)
    inputs = np.moveaxis(images, -1, 1) if len(sides) == 3 else images
    expected = np.concatenate([reference.run(None, {"x": picture[None]})[0] for picture in inputs])
    outputs = np.asarray(model(images))
    outputs = np.moveaxis(outputs, -1, 1) if outputs.ndim == 4 else outputs
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("equation", ["nchw,dc->nd", "nchw->nc"])
def test_letters_of_one_tensor_are_summed_before_products(equation: str, tmp_path: Path) -> None:
    """TFLite has no other sums of products."""
    inputs = "x, w" if "," in equation else "x"
    nodes = f'y = Einsum<equation="{equation}">({inputs})'
    model = load_onnx(saved(PICTURE + ", float[5,3] w", nodes, tmp_path))
    decoder = keras.Sequential([keras.Input(model.output_shape[1:]), layers.Dense(192)])
    decoder.add(layers.Reshape((8, 8, 3)))
    check_pair_convertible(KerasPair(model, decoder))


def test_a_mean_replaces_random_latents(tmp_path: Path) -> None:
    nodes = "n = RandomNormalLike(x)  e = Exp(x)  s = Mul(e, n)  y = Add(x, s)"
    with pytest.warns(AecodecWarning, match="so the code is the mean"):
        model = load_onnx(saved(PICTURE, nodes, tmp_path))
    assert (np.asarray(model(np.ones((1, 8, 8, 3)))) == 1).all()


def test_fully_convolutional_models_take_any_size(tmp_path: Path) -> None:
    weights = "float[3,4,3,3] w, float[3,4,3,3] v"
    nodes = (
        "t = ConvTranspose<strides=[2,2], pads=[1,1,1,1], output_padding=[1,1]>(x, w)"
        "y = Conv<strides=[2,2], pads=[1,1,1,1]>(t, v)"
    )
    model = load_onnx(saved(f"float[N,3,H,W] x, {weights}", nodes, tmp_path))
    assert model(np.ones((2, 12, 20, 3))).shape == (2, 12, 20, 3)
    with pytest.raises(ModelError, match=r"y \(Flatten\).*export the model with a fixed size"):
        load_onnx(saved("float[N,3,H,W] x", "y = Flatten(x)", tmp_path))


def test_models_that_cannot_be_converted_say_why(tmp_path: Path) -> None:
    corners = 's = Constant<value_floats=[1., 1., 2., 2.]>()  y = Resize<mode="linear", '
    corners += 'coordinate_transformation_mode="align_corners">(x, , s)'
    with pytest.raises(ModelError, match="align_corners=False"):
        load_onnx(saved("float[N,3,H,W] x", corners, tmp_path))
    with pytest.raises(ModelError, match=r"node y \(Det\): codecs do not .*use convolutions"):
        load_onnx(saved(PICTURE, "y = Det(x)", tmp_path))
    pool = "y = AveragePool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(x)"
    with pytest.raises(ModelError, match="count_include_pad=True"):
        load_onnx(saved(PICTURE, pool, tmp_path))
    with pytest.raises(ModelError, match=r"node y \(CumSum\).*torch\.matmul"):
        load_onnx(saved(PICTURE, "a = Constant<value_int=1>()  y = CumSum(x, a)", tmp_path))
    mean = "a = Constant<value_ints=[0,1]>()  y = ReduceMean<keepdims=0>(x, a)"
    with pytest.raises(ModelError, match=r"\(8, 8\) for one picture: reshape it to \(1, 8, 8\)"):
        load_onnx(saved(PICTURE, mean, tmp_path))
    path = saved(PICTURE + ", float[4,3,3,3] w", "y = Conv(x, w)", tmp_path)
    onnx.save(onnx.load(path), path, save_as_external_data=True, size_threshold=0, location="w")
    assert load_onnx(path).output_shape == (None, 6, 6, 4)
    (tmp_path / "w").unlink()
    with pytest.raises(ModelError, match=r"needs its weights file w.*external_data=False"):
        load_onnx(path)
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ModelError, match="cannot be opened as an ONNX model"):
        load_model(tmp_path / "text.onnx")
    (tmp_path / "weights.pt").touch()
    with pytest.raises(ModelError, match=r"from_torch\(model\.encoder, model\.decoder"):
        load_model(tmp_path / "weights.pt")


def test_a_torch_module_in_a_keras_file_is_not_called_a_lambda_layer(tmp_path: Path) -> None:
    path = tmp_path / "wrapped.keras"
    keras.Sequential([keras.Input((3,)), layers.Dense(2)]).save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = parts["config.json"].replace(b'"Dense"', b'"TorchModuleWrapper"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    with pytest.raises(ModelError, match="TorchModuleWrapper contains PyTorch code"):
        load_model(path)


def test_another_backend_of_keras_is_rejected_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    with pytest.raises(AecodecError, match="KERAS_BACKEND=tensorflow"):
        importlib.reload(aecodec.keras_models)


def test_commands_use_tensorflow_whatever_the_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    with tensorflow_for("exporting"):
        assert os.environ["KERAS_BACKEND"] == "tensorflow"
