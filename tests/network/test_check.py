"""Models that the exporters make pass; any other is refused before LiteRT sees it."""

from __future__ import annotations

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
from aecodec.network.check import check_model
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
    shape = checked.model.tensors[checked.model.entry].shape
    if ANY in checked.model.tensors[checked.model.entry].signature:
        shape = (1, 5, 7, shape[3])
    found = float_runner(content)(np.zeros(shape, np.float32))
    assert found.shape == checked.check_shape(shape)


def test_photo_takes_other_shapes() -> None:
    content = (BUILT_IN / "photo" / "decoder.tflite").read_bytes()
    assert check_model(content).check_shape((1, 7, 114, 256)) == (1, 112, 1824, 3)
    with pytest.raises(CodecError, match="do not fit"):
        check_model(content).check_shape((1, 7, 114, 255))


def option(name: str, value: int) -> Change:
    """Sets an option of the first operator."""
    return lambda model: setattr(model.subgraphs[0].operators[0].builtinOptions, name, value)


def quantization(name: str, value: Any) -> Change:
    """Sets the quantization of the output of the first operator."""

    def change(model: Any) -> None:
        graph = model.subgraphs[0]
        setattr(graph.tensors[graph.operators[0].outputs[0]].quantization, name, value)

    return change


def output(name: str, value: Any) -> Change:
    """Sets an attribute of the tensor that is the model's output."""
    return lambda model: setattr(
        model.subgraphs[0].tensors[model.subgraphs[0].outputs[0]], name, value
    )


def kernel(name: str, value: Any) -> Change:
    """Sets an attribute of the kernel of the first operator."""
    return lambda model: setattr(
        model.subgraphs[0].tensors[model.subgraphs[0].operators[0].inputs[1]], name, value
    )


def second_graph(model: Any) -> None:
    model.subgraphs.append(model.subgraphs[0])


def no_options(model: Any) -> None:
    each = model.subgraphs[0].operators[0]
    each.builtinOptions, each.builtinOptionsType = None, 0


def options_of_another(model: Any) -> None:
    each = model.subgraphs[0].operators[0]
    each.builtinOptions = schema.Pool2DOptionsT()
    each.builtinOptionsType = schema.BuiltinOptions.Pool2DOptions


def custom(model: Any) -> None:
    model.operatorCodes[0].customCode = b"mine"


def other_operator(code: int) -> Change:
    def change(model: Any) -> None:
        model.operatorCodes[0].builtinCode = code
        model.operatorCodes[0].deprecatedBuiltinCode = min(code, 127)

    return change


def reads_ahead(model: Any) -> None:
    model.subgraphs[0].operators.reverse()


def writes_a_constant(model: Any) -> None:
    graph = model.subgraphs[0]
    graph.operators[0].outputs = [graph.operators[0].inputs[1]]


def writes_twice(model: Any) -> None:
    graph = model.subgraphs[0]
    graph.operators.append(graph.operators[-1])


def outside_of_the_file(model: Any) -> None:
    model.buffers[-1].offset, model.buffers[-1].size = 1 << 20, 1 << 20


def two_outputs(model: Any) -> None:
    model.subgraphs[0].outputs = [*model.subgraphs[0].outputs, 0]


def short_buffer(model: Any) -> None:
    graph = model.subgraphs[0]
    buffer = model.buffers[graph.tensors[graph.operators[0].inputs[1]].buffer]
    buffer.data = buffer.data[:-1]


def other_metadata(model: Any) -> None:
    model.metadata[0].name = b"model_control_dependencies"


CHANGES = {
    "stride of -1": option("strideH", -1),
    "stride of 0": option("strideW", 0),
    "dilation of 0": option("dilationHFactor", 0),
    "huge dilation": option("dilationHFactor", 2**31 - 1),
    "padding of a kind of its own": option("padding", 2),
    "activation of its own": option("fusedActivationFunction", 9),
    "no options": no_options,
    "options of another operator": options_of_another,
    "NaN for a scale": quantization("scale", np.array([np.nan], np.float32)),
    "scale of 0": quantization("scale", np.array([0], np.float32)),
    "infinite scale": quantization("scale", np.array([np.inf], np.float32)),
    "no scale": quantization("scale", None),
    "two scales": quantization("scale", np.array([1, 1], np.float32)),
    "zero point out of range": quantization("zeroPoint", np.array([200], np.int64)),
    "axis out of range": quantization("quantizedDimension", 4),
    "second graph": second_graph,
    "operator of its own": custom,
    "WHILE": other_operator(119),
    "CALL_ONCE": other_operator(129),
    "VAR_HANDLE": other_operator(142),
    "RANDOM_UNIFORM": other_operator(148),
    "a number that is no operator": other_operator(2**31 - 1),
    "reads before it writes": reads_ahead,
    "writes a constant": writes_a_constant,
    "writes twice": writes_twice,
    "buffer outside of the file": outside_of_the_file,
    "short buffer": short_buffer,
    "two outputs": two_outputs,
    "other shape": output("shape", np.array([1, 28, 29, 1], np.int32)),
    "negative side": output("shape", np.array([1, 28, -28, 1], np.int32)),
    "huge side": output("shape", np.array([1, 28, 2**31 - 1, 1], np.int32)),
    "other type": output("type", FLOAT32),
    "text": output("type", 5),
    "variable": output("isVariable", True),
    "buffer that is not there": kernel("buffer", 999),
    "kernel that is not constant": kernel("buffer", 0),
    "kernel of floats": kernel("type", FLOAT32),
    "metadata that a runtime acts upon": other_metadata,
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

    def with_options(model: Any) -> None:
        each = model.subgraphs[0].operators[0]
        each.builtinOptions = schema.AddOptionsT()
        each.builtinOptionsType = schema.BuiltinOptions.AddOptions

    with pytest.raises(CodecError, match="too far apart"):
        check_model(changed(content, with_options))


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

    def with_windows(model: Any) -> None:
        each = model.subgraphs[0].operators[0]
        each.builtinOptions = schema.Pool2DOptionsT()
        each.builtinOptionsType = schema.BuiltinOptions.Pool2DOptions
        each.builtinOptions.strideW = each.builtinOptions.strideH = 1
        each.builtinOptions.filterWidth = each.builtinOptions.filterHeight = 4096

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
