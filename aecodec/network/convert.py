"""A TFLite model as a network plan."""

from __future__ import annotations

from aecodec.errors import AecodecError, ModelError
from aecodec.network import elementwise as each
from aecodec.network import movement as move
from aecodec.network import products as product
from aecodec.network import reductions as reduce
from aecodec.network import transposed
from aecodec.network.lowering import Lowering, Rule
from aecodec.network.matrices import batch_product
from aecodec.network.memory import assign_slots
from aecodec.network.plan import Kind
from aecodec.network.softmax import softmax
from aecodec.tflite.check import check_model
from aecodec.tflite.operators import KINDS

_TABLES = (
    "ABS",
    "CEIL",
    "COS",
    "ELU",
    "EXP",
    "FLOOR",
    "GELU",
    "HARD_SWISH",
    "LEAKY_RELU",
    "LOG",
    "LOGISTIC",
    "NEG",
    "QUANTIZE",
    "RELU",
    "RELU6",
    "RELU_N1_TO_1",
    "ROUND",
    "RSQRT",
    "SIGN",
    "SIN",
    "SQRT",
    "SQUARE",
    "TANH",
)
"""Operators of one variable, which become tables of 256 results."""

_RULES: dict[str, Rule] = {
    **dict.fromkeys(_TABLES, each.table),
    "ADD": each.total(11),
    "AVERAGE_POOL_2D": transposed.pool(Kind.MEAN_POOL),
    "BATCH_MATMUL": batch_product,
    "CONCATENATION": move.concatenation,
    "CONV_2D": product.convolution,
    "DEPTHWISE_CONV_2D": product.depthwise,
    "DEPTH_TO_SPACE": move.depth_to_space,
    "FULLY_CONNECTED": product.fully_connected,
    "GATHER": move.gather,
    "MAXIMUM": each.extreme(Kind.MAXIMUM),
    "MAX_POOL_2D": transposed.pool(Kind.MAXIMUM_POOL),
    "MEAN": reduce.reduction(reduce.MEAN),
    "MINIMUM": each.extreme(Kind.MINIMUM),
    "MIRROR_PAD": move.mirror_pad,
    "MUL": each.product,
    "PAD": move.pad,
    "PADV2": move.pad,
    "PRELU": each.prelu,
    "REDUCE_MAX": reduce.reduction(reduce.MAXIMUM),
    "REDUCE_MIN": reduce.reduction(reduce.MINIMUM),
    "RESHAPE": move.reshape,
    "RESIZE_BILINEAR": reduce.bilinear,
    "RESIZE_NEAREST_NEIGHBOR": reduce.nearest,
    "SLICE": move.slice_,
    "SOFTMAX": softmax,
    "SPACE_TO_DEPTH": move.space_to_depth,
    "SPLIT": move.split,
    "SPLIT_V": move.split,
    "SQUARED_DIFFERENCE": each.squared_difference,
    "STRIDED_SLICE": move.strided_slice,
    "SUB": each.total(28, sign=-1),
    "SUM": reduce.reduction(reduce.SUM),
    "TILE": move.tile,
    "TRANSPOSE": move.transpose,
    "TRANSPOSE_CONV": transposed.transposed_convolution,
}
"""Rules by the names of operators in the schema."""


def network_plan(content: bytes, *, is_any_size: bool = False) -> bytes:
    """A network plan of an int8 TFLite model.

    Args:
        content: content of a `.tflite` file with one input and one output, of one picture.
        is_any_size: whether the network is fully convolutional, and the plan is to take pictures of
            any size whose sides are multiples of what its steps need.

    Returns:
        The plan, for `aecodec_network_open`.

    Raises:
        CodecError: the model is damaged.
        ModelError: it has an operator that C lacks, or works on other numbers than int8.
    """
    model = check_model(content).model
    low = Lowering(content, model, is_any_size=is_any_size)
    done: set[int] = set()
    for number in range(len(model.operators)):
        if number not in done:
            done |= set(_lower(low, number))
    plan = low.finish()
    assign_slots(plan, *low.size)
    return plan.as_bytes()


def _lower(low: Lowering, number: int) -> list[int]:
    """Lower one operator, or several that are one function, and return their numbers."""
    operator = low.model.operators[number]
    name = KINDS[operator.code].name
    chain = each.chain_from(low, number)
    try:
        if len(chain) > 1:
            each.tabulate(low, chain)
        elif name in _RULES:
            _RULES[name](low, operator)
        else:
            raise ModelError("C has no kernel for it")
    except AecodecError as error:
        raise ModelError(f"operator {number}, {name}, does not go to C: {error}") from error
    return chain
