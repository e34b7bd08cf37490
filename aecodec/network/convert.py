"""Conversion of a TFLite model to a network plan."""

from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import AecodecError, ModelError
from aecodec.network.elementwise import ELEMENTWISE, functions_of, tabulate
from aecodec.network.lowering import Lowering
from aecodec.network.operators import OPERATORS
from aecodec.network.plan import Kind, assign_slots
from aecodec.tflite.model import Model, Operator, read_model

_NO_KERNEL = "C has no kernel for it"

# Searches and lookups of codes are several TFLite operators (`export.tflite.codebook`) on floats,
# all of which are integers. C runs them as one operator on integers.
_SEARCH = ["CAST", "FULLY_CONNECTED", "ARG_MAX", "GATHER"]
_DIGITS = ["CAST", "MUL", "SUM", "ADD", "MAXIMUM", "MINIMUM", "CAST", "GATHER"]
_SCALARS = ["CAST", "ADD", "CAST", "GATHER"]


def check_operators(content: bytes) -> None:
    """Raise ModelError if a `.tflite` file has operators that no codec has, or is no single graph.

    Operators on floats are allowed: they may become tables.
    """
    for number, operator in enumerate(read_model(content).operators):
        if operator.name not in OPERATORS.keys() | ELEMENTWISE:
            raise ModelError(f"operator {number}, {operator.name}: {_NO_KERNEL}")


def network_plan(content: bytes, *, is_any_size: bool = False) -> bytes:
    """Convert an int8 `.tflite` file to a network plan, for `aecodec_network_open`.

    With `is_any_size`, the plan accepts pictures of any size. Their sides must be multiples of a
    number that follows from the strides, and the network must be fully convolutional.

    Raises CodecError if the model is damaged, and ModelError if C lacks an operator or the model
    computes with types other than int8.
    """
    model = read_model(content)
    low = Lowering(content, model, is_any_size=is_any_size)
    joined = {parts[-1]: parts for parts in _code_chains(model) + _tables(model)}
    inner = {number for parts in joined.values() for number in parts[:-1]}
    for number, operator in enumerate(model.operators):
        if number in inner:
            continue
        try:
            _lower(low, operator, joined.get(number, [number]))
        except AttributeError as error:
            text = f"operator {number}, {operator.name}: its options are left out"
            raise ModelError(text) from error
        except (AecodecError, ArithmeticError, LookupError, ValueError) as error:
            raise ModelError(f"operator {number}, {operator.name}: {error}") from error
    plan = low.finish()
    assign_slots(plan, *low.size)
    return plan.as_bytes()


def _tables(model: Model) -> list[list[int]]:
    """The functions of several operators from int8 to int8.

    Converters leave some functions in float: DEQUANTIZE, operators on floats, QUANTIZE.
    """
    operators = model.operators
    return [
        function
        for function in functions_of(model)
        if operators[function[0]].name == "DEQUANTIZE"
        and model.tensors[operators[function[-1]].outputs[0]].dtype == np.int8
    ]


def _lower(low: Lowering, operator: Operator, parts: list[int]) -> None:
    """Lower an operator, with others that it forms one function with."""
    if low.model.operators[parts[0]].name == "CAST":
        _lower_codes(low, [low.model.operators[number] for number in parts])
    elif len(parts) > 1:
        tabulate(low, parts)
    elif operator.name in OPERATORS:
        OPERATORS[operator.name](low, operator)
    else:
        raise ModelError(_NO_KERNEL)


def _code_chains(model: Model) -> list[list[int]]:
    """The operators of each search or lookup of codes."""
    chains = [_chain_from(model, number) for number in range(len(model.operators))]
    names = [[model.operators[number].name for number in chain] for chain in chains]
    forms = (_SEARCH, _DIGITS, _SCALARS)
    return [chain for chain, form in zip(chains, names, strict=True) if form in forms]


def _chain_from(model: Model, number: int) -> list[int]:
    """The operators from one to the next int8 output; each is the only reader of the one before."""
    chain, result = [number], model.operators[number].outputs[0]
    while model.tensors[result].dtype != np.int8:
        readers = [at for at, operator in enumerate(model.operators) if result in operator.inputs]
        if len(readers) != 1:
            break
        chain += readers
        result = model.operators[readers[0]].outputs[0]
    return chain


def _lower_codes(low: Lowering, operators: list[Operator]) -> None:
    """Lower a chain of :func:`_code_chains`; raise ModelError if C lacks its form."""
    for operator in operators:
        _ensure(getattr(operator.options, "fusedActivationFunction", 0) == 0)
    lower = _lower_search if operators[1].name == "FULLY_CONNECTED" else _lower_lookup
    lower(low, operators)


def _lower_search(low: Lowering, operators: list[Operator]) -> None:
    _, product, extreme, gather = operators
    scores = low.tensor(product.outputs[0]).shape
    axis = int(_constant(low, extreme, 1).ravel()[0])
    _ensure(axis in (-1, len(scores) - 1) and product.options.keepNumDims)
    weights, more = _constant(low, product, 1), _constant(low, product, 2)
    _write(
        low,
        operators,
        Kind.SEARCH,
        len(weights),
        low.keep(_integers(weights, np.int16)),
        low.keep(_integers(more, np.int32)),
        low.keep(_constant(low, gather, 0)),
    )


def _lower_lookup(low: Lowering, operators: list[Operator]) -> None:
    table, channels = _constant(low, operators[-1], 0), low.shape(operators[0].inputs[0]).channels
    if operators[1].name == "ADD":
        groups, worth, offsets = channels, np.ones(channels), _constant(low, operators[1], 1)
    else:
        _, product, total, more, least, most, *_ = operators
        axes, worth = _constant(low, total, 1), _constant(low, product, 1)
        rank = len(low.tensor(product.outputs[0]).shape)
        limits = [float(_constant(low, limit, 1).ravel()[0]) for limit in (least, most)]
        is_last = axes.ravel().tolist() in ([-1], [rank - 1])
        _ensure(is_last and not total.options.keepDims)
        _ensure(limits == [0, len(table) - 1])
        groups, offsets = 1, _constant(low, more, 1)
    _ensure(offsets.size in (1, groups) and worth.size in (1, channels))
    parts = [np.resize(offsets, groups), np.resize(worth, channels)]
    words = np.concatenate([_integers(part, np.int32) for part in parts])
    _write(low, operators, Kind.LOOKUP, len(table), groups, low.keep(table), low.keep(words))


def _write(low: Lowering, operators: list[Operator], kind: Kind, *parameters: int) -> None:
    _ensure(operators[-1].options.axis == 0)
    entry = operators[0].inputs[0]
    *_, channels = low.tensor(operators[-1].outputs[0]).shape
    shape = low.shape(entry)._replace(channels=channels)
    low.write(operators[-1], kind, shape, *parameters, inputs=[low.read(entry)])


def _constant(low: Lowering, operator: Operator, number: int) -> npt.NDArray[Any]:
    _ensure(len(operator.inputs) > number and operator.inputs[number] != -1)
    return low.tensor(operator.inputs[number]).values


def _integers(values: npt.NDArray[Any], dtype: type[np.integer[Any]]) -> npt.NDArray[Any]:
    limits = np.iinfo(dtype)
    whole = np.rint(values)
    _ensure((whole == values).all() and whole.min() >= limits.min and whole.max() <= limits.max)
    return whole.astype(dtype)


def _ensure(holds: Any) -> None:
    if not holds:
        raise ModelError("its codes are searched or looked up in an unknown form")
