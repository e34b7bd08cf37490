"""Models that the exporters make pass; any other is refused before LiteRT sees it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from helpers.documents import ROOT
from helpers.networks.random_models import CODES, Maker, packed

from aecodec import CodecError
from aecodec.data.codecs import BUILT_IN
from aecodec.export.tflite.runners import TileTransform, float_runner
from aecodec.network.check import check_model, output_shape
from aecodec.tflite.model import ANY

MODELS = sorted((ROOT / "fuzz" / "models").glob("*.tflite"))
FLOAT32 = 0

Change = Callable[[Any], None]
"""Changes a model, as the objects of the schema, in place."""


def changed(content: bytes, change: Change) -> bytes:
    """A model after a change."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    change(model)
    return packed(model)


@pytest.fixture(scope="module")
def decoder() -> bytes:
    """The decoder of the codec `digits`: convolutions, sums, depth to space."""
    return (BUILT_IN / "digits" / "decoder.tflite").read_bytes()


@pytest.mark.parametrize("name", ["digits", "photo"])
@pytest.mark.parametrize("half", ["encoder", "decoder"])
def test_the_models_that_ship_pass(name: str, half: str) -> None:
    check_model((BUILT_IN / name / f"{half}.tflite").read_bytes())


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_models_of_all_layers_pass_and_give_the_shape_that_litert_gives(path: Path) -> None:
    content = path.read_bytes()
    checked = check_model(content)
    shape = checked.input_shape
    if ANY in checked.tensors[checked.entry].signature:
        shape = (1, 5, 7, shape[3])
    result = float_runner(content)(np.zeros(shape, np.float32))
    assert result.shape == output_shape(checked, shape)


def test_photo_takes_other_shapes() -> None:
    content = (BUILT_IN / "photo" / "decoder.tflite").read_bytes()
    assert output_shape(check_model(content), (1, 7, 114, 256)) == (1, 112, 1824, 3)
    with pytest.raises(CodecError, match="do not fit"):
        output_shape(check_model(content), (1, 7, 114, 255))


PLACES: dict[str, Callable[[Any], Any]] = {
    "graph": lambda model: model.subgraphs[0],
    "code": lambda model: model.operatorCodes[0],
    "buffer": lambda model: model.buffers[-1],
    "metadata": lambda model: model.metadata[0],
    "first": lambda model: model.subgraphs[0].operators[0],
    "option": lambda model: model.subgraphs[0].operators[0].builtinOptions,
    "output": lambda model: tensor_of(model, model.subgraphs[0].outputs[0]),
    "result": lambda model: tensor_of(model, model.subgraphs[0].operators[0].outputs[0]),
    "kernel": lambda model: tensor_of(model, model.subgraphs[0].operators[0].inputs[1]),
}
"""Parts of a model: its first graph, operator code and operator, and tensors of that operator."""


def tensor_of(model: Any, number: int) -> Any:
    return model.subgraphs[0].tensors[number]


def put(place: str, **values: Any) -> Change:
    """Sets attributes of a part of the model."""

    def change(model: Any) -> None:
        for name, value in values.items():
            setattr(PLACES[place](model), name, value)

    return change


def quantization(**values: Any) -> Change:
    """Sets the quantization of the output of the first operator."""
    return lambda model: vars(PLACES["result"](model).quantization).update(values)


def options(kind: str, **values: Any) -> Change:
    """Gives the first operator options of a kind."""
    made = getattr(schema, f"{kind}T")()
    vars(made).update(values)
    kind_number = getattr(schema.BuiltinOptions, kind)
    return put("first", builtinOptions=made, builtinOptionsType=kind_number)


def operator_code(code: int) -> Change:
    return put("code", builtinCode=code, deprecatedBuiltinCode=min(code, 127))


def second_graph(model: Any) -> None:
    model.subgraphs.append(model.subgraphs[0])


def reads_ahead(model: Any) -> None:
    model.subgraphs[0].operators.reverse()


def writes_a_constant(model: Any) -> None:
    graph = model.subgraphs[0]
    graph.operators[0].outputs = [graph.operators[0].inputs[1]]


def writes_twice(model: Any) -> None:
    graph = model.subgraphs[0]
    graph.operators.append(graph.operators[-1])


def two_outputs(model: Any) -> None:
    model.subgraphs[0].outputs = [*model.subgraphs[0].outputs, 0]


def short_buffer(model: Any) -> None:
    buffer = model.buffers[PLACES["kernel"](model).buffer]
    buffer.data = buffer.data[:-1]


FORBIDDEN = ("WHILE", "CALL_ONCE", "VAR_HANDLE", "RANDOM_UNIFORM")
CHANGES = {
    "stride of -1": put("option", strideH=-1),
    "stride of 0": put("option", strideW=0),
    "dilation of 0": put("option", dilationHFactor=0),
    "huge dilation": put("option", dilationHFactor=2**31 - 1),
    "padding of a kind of its own": put("option", padding=2),
    "activation of its own": put("option", fusedActivationFunction=9),
    "no options": put("first", builtinOptions=None, builtinOptionsType=0),
    "options of another operator": options("Pool2DOptions"),
    "NaN for a scale": quantization(scale=np.array([np.nan], np.float32)),
    "scale of 0": quantization(scale=np.array([0], np.float32)),
    "infinite scale": quantization(scale=np.array([np.inf], np.float32)),
    "no scale": quantization(scale=None),
    "two scales": quantization(scale=np.array([1, 1], np.float32)),
    "zero point out of range": quantization(zeroPoint=np.array([200], np.int64)),
    "axis out of range": quantization(quantizedDimension=4),
    "second graph": second_graph,
    "operator of its own": put("code", customCode=b"mine"),
    **{name: operator_code(CODES[name]) for name in FORBIDDEN},
    "a number that is no operator": operator_code(2**31 - 1),
    "reads before it writes": reads_ahead,
    "writes a constant": writes_a_constant,
    "writes twice": writes_twice,
    "buffer outside of the file": put("buffer", offset=1 << 20, size=1 << 20),
    "short buffer": short_buffer,
    "two outputs": two_outputs,
    "other shape": put("output", shape=np.array([1, 28, 29, 1], np.int32)),
    "negative side": put("output", shape=np.array([1, 28, -28, 1], np.int32)),
    "huge side": put("output", shape=np.array([1, 28, 2**31 - 1, 1], np.int32)),
    "other type": put("output", type=FLOAT32),
    "text": put("output", type=5),
    "variable": put("output", isVariable=True),
    "buffer that is not there": put("kernel", buffer=999),
    "kernel that is not constant": put("kernel", buffer=0),
    "kernel of floats": put("kernel", type=FLOAT32),
    "metadata that a runtime acts upon": put("metadata", name=b"model_control_dependencies"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_no_exporter_makes_is_refused(decoder: bytes, name: str) -> None:
    check_model(changed(decoder, lambda model: None))
    with pytest.raises(CodecError):
        check_model(changed(decoder, CHANGES[name]))


def test_a_sum_whose_output_is_much_finer_is_refused() -> None:
    """A kernel ends the process of it."""
    for kind, words in (("", "options are left out"), ("Add", "too far apart")):
        make = Maker()
        entry, output = make.tensor((4,), None, [1.0]), make.tensor((4,), None, [2.0**-20])
        make.operator("ADD", [entry, entry], output, kind)
        with pytest.raises(CodecError, match=words):
            check_model(make.stated(entry, output))


def repeated(*shape: int) -> bytes:
    """One number, repeated to a shape."""
    make = Maker()
    entry, output = (make.tensor(sides, dtype=np.float32) for sides in ((1,), shape))
    make.operator("BROADCAST_TO", [entry, make.integers(shape)], output)
    return make.stated(entry, output)


def test_memory_is_bounded_before_it_is_taken() -> None:
    check_model(repeated(1, 256, 256, 3))
    with pytest.raises(CodecError, match="memory"):
        check_model(repeated(1, 4096, 4096, 64))
    with pytest.raises(CodecError, match="out of range"):
        check_model(repeated(1, 1, 1, 2**31 - 1))


def test_a_shape_that_is_not_constant_is_refused() -> None:
    """With it, an input could ask for any memory."""
    make = Maker()
    shape, output = make.tensor((2,), dtype=np.int32), make.tensor((1, 1), dtype=np.float32)
    make.operator("BROADCAST_TO", [make.floats([0]), shape], output)
    with pytest.raises(CodecError, match="not constant"):
        check_model(make.stated(shape, output))


def test_time_is_bounded() -> None:
    """Means over windows of 4096x4096 pixels at each of 1024x1024 places."""
    make = Maker()
    entry, output = (make.tensor((1, 1024, 1024, 1), dtype=np.float32) for _ in range(2))
    window = {"filterWidth": 4096, "filterHeight": 4096, "strideW": 1, "strideH": 1}
    make.operator("AVERAGE_POOL_2D", [entry], output, "Pool2D", **window)
    with pytest.raises(CodecError, match="longer"):
        check_model(make.stated(entry, output))


@pytest.mark.parametrize("start", [0, 4, 8])
def test_offsets_that_lead_out_of_the_file_are_refused(decoder: bytes, start: int) -> None:
    for offset in (0, 1, 2, 4, len(decoder) - 1, len(decoder), 2**31, 2**32 - 1):
        forged = decoder[:start] + offset.to_bytes(4, "little") + decoder[start + 4 :]
        with pytest.raises(CodecError):
            check_model(forged)


def test_files_that_are_cut_are_refused(decoder: bytes) -> None:
    for length in (*range(64), *range(64, len(decoder), 9973), len(decoder) - 1):
        with pytest.raises(CodecError):
            check_model(decoder[:length])


def test_what_litert_raises_is_an_error_of_the_tree() -> None:
    """A number that points to no row is found by LiteRT alone, while it runs."""
    make = Maker()
    entry, number = make.tensor((1, 2), None, [1.0]), make.tensor((1, 2), dtype=np.int32)
    table, output = make.floats(np.zeros((4, 3))), make.tensor((1, 2, 3), dtype=np.float32)
    make.operator("CAST", [entry], number)
    make.operator("GATHER", [table, number], output, "Gather")
    run = float_runner(make.stated(entry, output))
    assert run(np.array([[0, 3]], np.float32)).shape == (1, 2, 3)
    with pytest.raises(CodecError, match="LiteRT cannot run"):
        run(np.array([[0, 4]], np.float32))


def test_a_model_of_floats_is_no_codecs() -> None:
    make = Maker()
    entry, output = (make.tensor((1, 2), dtype=np.float32) for _ in range(2))
    make.operator("RELU", [entry], output)
    with pytest.raises(CodecError, match="not int8"):
        TileTransform(make.stated(entry, output))
