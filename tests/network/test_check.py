"""Models that the exporters make pass; any other is refused before LiteRT sees it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from helpers.documents import ROOT
from helpers.networks.tflite_models import Change, changed, one_operator, operator, tensor

from aecodec import CodecError
from aecodec.codec.registry import BUILT_IN
from aecodec.engine.litert import TileTransform, float_runner
from aecodec.network.check import check_model, output_shape
from aecodec.tflite.model import ANY

MODELS = sorted((ROOT / "fuzz" / "models").glob("*.tflite"))
FLOAT32, INT32, INT8 = 0, 2, 9
_RELU = 19


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
    "WHILE": operator_code(119),
    "CALL_ONCE": operator_code(129),
    "VAR_HANDLE": operator_code(142),
    "RANDOM_UNIFORM": operator_code(148),
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
    sizes = [tensor(INT8, (4,), scale=1.0), tensor(INT8, (4,), scale=2.0**-20)]
    content = one_operator(0, sizes, [0, 0])
    with pytest.raises(CodecError, match="options are left out"):
        check_model(content)
    with pytest.raises(CodecError, match="too far apart"):
        check_model(changed(content, options("AddOptions")))


def repeated(*shape: int) -> bytes:
    """One number, repeated to a shape."""
    tensors = [tensor(FLOAT32, (1,)), tensor(INT32, (len(shape),), 1), tensor(FLOAT32, shape)]
    return one_operator(130, tensors, [0, 1], [np.array(shape, np.int32)])


def test_memory_is_bounded_before_it_is_taken() -> None:
    check_model(repeated(1, 256, 256, 3))
    with pytest.raises(CodecError, match="memory"):
        check_model(repeated(1, 4096, 4096, 64))
    with pytest.raises(CodecError, match="out of range"):
        check_model(repeated(1, 1, 1, 2**31 - 1))


def test_a_shape_that_is_not_constant_is_refused() -> None:
    """With it, an input could ask for any memory."""
    tensors = [tensor(INT32, (2,)), tensor(FLOAT32, (1,), 1), tensor(FLOAT32, (1, 1))]
    content = one_operator(130, tensors, [1, 0], [np.zeros(1, np.float32)])
    with pytest.raises(CodecError, match="not constant"):
        check_model(content)


def test_time_is_bounded() -> None:
    """Means over windows of 4096x4096 pixels at each of 4096x4096 places."""
    pooled = [tensor(FLOAT32, (1, 1024, 1024, 1)), tensor(FLOAT32, (1, 1024, 1024, 1))]
    strides = {"strideW": 1, "strideH": 1}
    with_windows = options("Pool2DOptions", filterWidth=4096, filterHeight=4096, **strides)
    with pytest.raises(CodecError, match="longer"):
        check_model(changed(one_operator(1, pooled, [0]), with_windows))


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
    tensors = [tensor(INT8, (1, 2), scale=1.0), tensor(FLOAT32, (1, 2)), tensor(FLOAT32, (1, 2, 3))]
    table = tensor(FLOAT32, (4, 3), 1)
    content = one_operator(53, [tensors[0], table, tensor(INT32, (1, 2)), tensors[2]], [0])

    def look_up(model: Any) -> None:
        graph, kind = model.subgraphs[0], schema.OperatorCodeT()
        kind.builtinCode = kind.deprecatedBuiltinCode = 36
        kind.version = 1
        model.operatorCodes.append(kind)
        data = schema.BufferT()
        data.data = np.zeros(48, np.uint8)
        model.buffers.append(data)
        graph.operators = [operator([0], [2]), operator([1, 2], [3])]
        graph.operators[1].opcodeIndex = 1
        graph.operators[1].builtinOptions = schema.GatherOptionsT()
        graph.operators[1].builtinOptionsType = schema.BuiltinOptions.GatherOptions

    run = float_runner(changed(content, look_up))
    assert run(np.array([[0, 3]], np.float32)).shape == (1, 2, 3)
    with pytest.raises(CodecError, match="LiteRT cannot run"):
        run(np.array([[0, 4]], np.float32))


def test_a_model_of_floats_is_no_codecs() -> None:
    with pytest.raises(CodecError, match="not int8"):
        TileTransform(one_operator(_RELU, [tensor(FLOAT32, (1, 2)), tensor(FLOAT32, (1, 2))], [0]))
