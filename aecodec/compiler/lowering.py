"""Lowering a TFLite model to a network plan, tensor by tensor, and its kernels' arithmetic."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from aecodec.base.errors import ModelError
from aecodec.compiler.model import Model, Operator, Tensor
from aecodec.compiler.plan import ANY_SIDE, Kind, Offset, Plan, Shape, fixed

Integers = npt.NDArray[np.int64]

Lower = Callable[["Lowering", Operator], None]
"""Adds operators to the plan for an operator of the model; ModelError if C cannot compute it."""


class Lowering:
    """A model and its plan; ModelError if the input is not a single picture or vector of int8."""

    def __init__(self, content: bytes, model: Model, *, is_any_size: bool) -> None:
        self.content, self.model = content, model
        rows, columns, channels = shape_of(model.tensors[model.entry])
        self.size = (rows, columns)
        self.is_any_size = is_any_size
        self.plan = Plan((0, 0) if is_any_size else self.size)
        sides = (ANY_SIDE, ANY_SIDE) if is_any_size else (fixed(rows), fixed(columns))
        self.plan.entry = self.plan.tensor(Shape(*sides, channels))
        self._numbers = {model.entry: self.plan.entry}

    def begin(self, channels: int, add: Callable[["Lowering", int], int]) -> None:
        """Begin the plan with an operator that converts its own input to the model's."""
        own = self.plan.tensors[self.plan.entry]
        own.shape = own.shape._replace(channels=channels)
        self._numbers[self.model.entry] = add(self, self.plan.entry)

    def tensor(self, number: int) -> Tensor:
        return self.model.tensors[number]

    def check_type(self, number: int) -> None:
        shape_of(self.tensor(number))

    def read(self, number: int) -> int:
        """The plan's number of a tensor of the model; ModelError if it is not int8."""
        if number not in self._numbers:
            tensor = self.tensor(number)
            self._numbers[number] = self.plan.constant(
                fixed_shape(*shape_of(tensor)), tensor.values
            )
        return self._numbers[number]

    def shape(self, number: int) -> Shape:
        return self.plan.tensors[self.read(number)].shape

    def as_shape(self, number: int, shape: Shape) -> int:
        """Like :meth:`read`, copied to a new shape; ModelError if the plan accepts any size."""
        own = self.read(number)
        if self.plan.tensors[own].shape == shape:
            return own
        if self.is_any_size:
            raise ModelError("its output has a fixed shape, but the model accepts any size")
        return self.step([own], Kind.COPY, shape)

    def write(
        self,
        operator: Operator,
        kind: Kind,
        shape: Shape,
        *parameters: int,
        inputs: list[int] | None = None,
    ) -> None:
        """Add an operator that writes the output of the model's operator.

        The new operator reads tensors of the plan, by default the first input of the model's. Its
        output is copied to the shape in the model; ModelError if pictures of any size prevent it.
        """
        inputs = inputs or [self.read(operator.inputs[0])]
        stated, own = shape_of(self.tensor(operator.outputs[0])), shape.of(*self.size)
        if own != stated and (self.is_any_size or math.prod(own) != math.prod(stated)):
            raise ModelError("C code cannot derive the output size from the picture size")
        number = self.step(inputs, kind, shape, *parameters)
        if own != stated:
            number = self.step([number], Kind.COPY, fixed_shape(*stated))
        self._numbers[operator.outputs[0]] = number

    def step(self, inputs: list[int], kind: Kind, shape: Shape, *parameters: int) -> int:
        """Add an operator with a new output, which is not in the model; return the output."""
        return self.plan.add(kind, inputs, self.plan.tensor(shape), *parameters)

    def keep(self, values: npt.NDArray[np.generic]) -> Offset:
        return Offset(self.plan.keep(values))


def shape_of(tensor: Tensor) -> tuple[int, int, int]:
    """Rows, columns, channels of an int8 tensor, else ModelError; more axes are a vector."""
    if tensor.dtype != np.int8:
        raise ModelError(f"it works on {tensor.dtype}, but C kernels exist only for int8")
    sides = tensor.shape
    if len(sides) > 3:
        if math.prod(sides[:-3]) != 1:
            return 1, 1, math.prod(sides)
        sides = sides[-3:]
    elif len(sides) in (2, 3) and sides[0] == 1:
        sides = sides[1:]
    rows, columns, channels = (*(1,) * (3 - len(sides)), *sides)
    return rows, columns, channels


def fixed_shape(rows: int, columns: int, channels: int) -> Shape:
    return Shape(fixed(rows), fixed(columns), channels)


def flat(channels: int) -> Shape:
    return fixed_shape(1, 1, channels)


_ACTIVATIONS: dict[int, tuple[float | None, float | None]] = {
    0: (None, None),
    1: (0.0, None),
    2: (-1.0, 1.0),
    3: (0.0, 6.0),
}
"""Limits of fused activations, by their numbers in the schema."""


def quantize_multiplier(factor: float) -> tuple[int, int]:
    """Return (m, s) with factor = m * 2^(s - 31), for a factor of at least 0; m has 31 bits.

    >>> quantize_multiplier(0.75)
    (1610612736, 0)
    """
    multipliers, shifts = quantize_multipliers(np.array([factor]))
    return int(multipliers[0]), int(shifts[0])


def factor_of(left: float, right: float, output: float) -> float:
    """The factor of a product, from scales that LiteRT multiplies in float32."""
    return float(np.float32(left) * np.float32(right) / np.float32(output))


def quantize_multipliers(factors: npt.NDArray[np.float64]) -> tuple[Integers, Integers]:
    fractions, shifts = np.frexp(factors)
    multipliers = np.floor(fractions * 2**31 + 0.5).astype(np.int64)
    is_one = multipliers == 2**31
    multipliers, shifts = np.where(is_one, 2**30, multipliers), shifts + is_one
    is_tiny = shifts < -31
    return np.where(is_tiny, 0, multipliers), np.where(is_tiny, 0, shifts).astype(np.int64)


def activation_range(output: Tensor, activation: int) -> tuple[int, int]:
    """Lowest and highest value of an int8 output after a fused activation."""
    scale, zero = np.float32(output.scale), zero_of(output)
    low, high = _ACTIVATIONS[activation]

    def quantized(value: float) -> int:
        ratio = float(np.float32(value) / scale)
        return zero + int(math.copysign(math.floor(abs(ratio) + 0.5), ratio))

    least = -128 if low is None else max(-128, quantized(low))
    most = 127 if high is None else min(127, quantized(high))
    return least, most


def zero_of(tensor: Tensor) -> int:
    return int(tensor.zeros[0])
