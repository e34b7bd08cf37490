"""Check a TFLite model before a runtime loads it, and bound its cost for inputs of any shape.

Runtimes trust their files: a damaged or forged file can crash the process, run for ever, or exhaust
memory. This check reads the file as data. It accepts only models that the exporters could have
written: operators of the table, in order, with types, shapes, constants and scales that their
kernels support.
"""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from aecodec.errors import CodecError
from aecodec.network.operators import OPERATORS
from aecodec.tflite.call import QUANTIZED, Call, Result, Value, ensure
from aecodec.tflite.model import ANY, DTYPES, Model, Operator, Shape, Tensor, Type, read_model

_MOST_MEMORY = 1 << 30
_MEMORY, _MEMORY_PER_ELEMENT = 1 << 28, 1 << 6
_WORK, _WORK_PER_ELEMENT = 1 << 27, 1 << 19
"""Limits of a model's memory in bytes and of its multiplications: a constant, and an amount per
element of input and output."""

_SCALES = (2.0**-100, 2.0**60)


def check_model(content: bytes) -> Model:
    """Read a `.tflite` file, and check it for the input shape in the file.

    Raises CodecError if the file is damaged, or the exporters could not have written it.
    """
    model = read_model(content)
    for number, tensor in enumerate(model.tensors):
        with _about(f"tensor {number}"):
            _check_quantization(tensor)
    _check_order(model)
    output_shape(model, model.input_shape)
    return model


def output_shape(model: Model, input_shape: Shape) -> Shape:
    """Return the shape of a checked model's output for an input of this shape, with the batch.

    Raises CodecError if an operator does not support its input, or the model needs too much memory
    or work.
    """
    run = _Run(model, input_shape)
    for number, operator in enumerate(model.operators):
        run.call(number, operator)
    run.check_cost()
    return run.values[model.exit].shape


@contextmanager
def _about(part: str) -> Iterator[None]:
    """Add the name of a part of the model to errors."""
    try:
        yield
    except (CodecError, ArithmeticError, LookupError, ValueError) as error:
        raise CodecError(f"the TFLite model's {part}: {error}") from error


def _check_order(model: Model) -> None:
    """Check that each tensor is written at most once, and before it is read."""
    known = {number for number, tensor in enumerate(model.tensors) if tensor.is_constant}
    ensure(model.entry not in known, "the TFLite model's input is constant")
    known.add(model.entry)
    for operator in model.operators:
        read = [number for number in operator.inputs if number != -1]
        ensure(known.issuperset(read), "the TFLite model reads a tensor before it is written")
        for number in operator.outputs:
            ensure(
                0 <= number < len(model.tensors), "the TFLite model writes a tensor that it lacks"
            )
            ensure(number not in known, "the TFLite model writes a tensor twice")
            known.add(number)
    ensure(model.exit in known, "the TFLite model does not write its output")


def _check_quantization(tensor: Tensor) -> None:
    scales, zeros, axis = tensor.quantization
    count = len(scales)
    ensure(len(zeros) in ({count} if count else {0, 1}), "scales and zero points differ")
    if count == 0:
        ensure(tensor.type not in QUANTIZED, "integers have no scale")
        return
    least, most = _SCALES
    fits = bool((scales >= least).all() and (scales <= most).all())  # not for NaN
    ensure(fits, "a scale is not a number, or out of range")
    ensure(0 <= axis < max(1, len(tensor.shape)), "the axis of the scales does not exist")
    sides = {1} if not tensor.is_constant else {1, *tensor.shape[axis : axis + 1]}
    ensure(count in sides, "the scales do not fit the channels")
    _check_zeros(tensor)


def _check_zeros(tensor: Tensor) -> None:
    """Check that zero points are in the range of the tensor's type, or 0 for other types."""
    zeros, least, most = tensor.quantization.zeros, 0, 0
    if tensor.type in (*QUANTIZED, Type.UINT8):
        limits = np.iinfo(DTYPES[tensor.type])
        least, most = limits.min, limits.max
    fits = bool((zeros >= least).all() and (zeros <= most).all())
    ensure(fits, "a zero point is out of range")


class _Run:
    """A run of a model for an input shape. It computes shapes, memory and work, but no values."""

    def __init__(self, model: Model, input_shape: Shape) -> None:
        self._model, self._is_own = model, input_shape == model.input_shape
        self.values = {
            number: Value(tensor, tensor.shape, is_static=True)
            for number, tensor in enumerate(model.tensors)
            if tensor.is_constant
        }
        entry = model.tensors[model.entry]
        ensure(min(input_shape, default=1) >= 1, "the input is empty")
        self.values[model.entry] = Value(entry, tuple(input_shape), is_static=False)
        self._uses = Counter(at for operator in model.operators for at in operator.inputs)
        self._uses[model.exit] += 1
        self._live = self._peak = entry.bytes_of(tuple(input_shape))
        self._work = 0

    def call(self, number: int, operator: Operator) -> None:
        operator_type = OPERATORS.get(operator.code)
        if operator_type is None:
            raise CodecError(f"the TFLite model has an operator that codecs lack ({operator.code})")
        inputs = [self.values[at] if at != -1 else None for at in operator.inputs]
        outputs = [self._model.tensors[at] for at in operator.outputs]
        with _about(f"operator {number}, {operator_type.name}"):
            result = operator_type.check(Call(operator, inputs, outputs))
            self._keep(operator, inputs, outputs, result)

    def _keep(
        self,
        operator: Operator,
        inputs: list[Value | None],
        outputs: list[Tensor],
        result: Result,
    ) -> None:
        is_static = all(value is None or value.is_static for value in inputs)
        for number, tensor, shape in zip(operator.outputs, outputs, result.shapes, strict=True):
            if self._is_own:
                ensure(_is_stated(shape, tensor), "its output has another shape than it should")
            self.values[number] = Value(tensor, shape, is_static)
            self._live += tensor.bytes_of(shape)
            self._work += math.prod(shape)
        self._work += result.work
        self._peak = max(self._peak, self._live + result.scratch)
        self._release(operator)

    def _release(self, operator: Operator) -> None:
        """Free the memory of tensors that no later operator reads."""
        for number in operator.inputs:
            self._uses[number] -= 1
            if number != -1 and not self._uses[number]:
                value = self.values[number]
                if not value.tensor.is_constant:
                    self._live -= value.tensor.bytes_of(value.shape)

    def check_cost(self) -> None:
        """Check that memory and work are plausible for networks with this many elements."""
        ends = self.values[self._model.entry].size + self.values[self._model.exit].size
        memory = min(_MOST_MEMORY, _MEMORY + _MEMORY_PER_ELEMENT * ends)
        ensure(self._peak <= memory, "the TFLite model takes more memory than a codec's may")
        work = _WORK + _WORK_PER_ELEMENT * ends
        ensure(self._work <= work, "the TFLite model takes longer than a codec's may")


def _is_stated(shape: Shape, tensor: Tensor) -> bool:
    return len(shape) == len(tensor.signature) and all(
        stated in (side, ANY) for side, stated in zip(shape, tensor.signature, strict=True)
    )
