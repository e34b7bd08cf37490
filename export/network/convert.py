"""A TFLite model as a network plan."""

from __future__ import annotations

from aecodec.errors import AecodecError, ModelError
from aecodec.export.network import elementwise as each
from aecodec.export.network import movement as move
from aecodec.export.network import products as product
from aecodec.export.network.lowering import Lowering, Rule
from aecodec.export.network.plan import Kind
from aecodec.export.network.slots import assign_slots
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
"""Operators of one variable, whatever they do."""

_RULES: dict[str, Rule] = {
    **dict.fromkeys(_TABLES, each.table),
    "ADD": each.total(11),
    "CONCATENATION": move.concatenation,
    "CONV_2D": product.convolution,
    "DEPTHWISE_CONV_2D": product.depthwise,
    "DEPTH_TO_SPACE": move.depth_to_space,
    "FULLY_CONNECTED": product.fully_connected,
    "MAXIMUM": each.extreme(Kind.MAXIMUM),
    "MINIMUM": each.extreme(Kind.MINIMUM),
    "MUL": each.product,
    "RESHAPE": move.reshape,
    "SPACE_TO_DEPTH": move.space_to_depth,
    "SUB": each.total(28, sign=-1),
}
"""By the names of the schema."""


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
    for number, operator in enumerate(model.operators):
        name = KINDS[operator.code].name
        if name not in _RULES:
            raise ModelError(
                f"operator {number}, {name}, has no kernel in C: export with --network tflm"
            )
        try:
            _RULES[name](low, operator)
        except AecodecError as error:
            raise ModelError(
                f"operator {number}, {name}, does not go to C: {error}; export with --network tflm"
            ) from error
    plan = low.finish()
    assign_slots(plan, *low.size)
    return plan.as_bytes()
