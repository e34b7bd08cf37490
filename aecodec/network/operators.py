"""The operator table: each TFLite operator with its check, its lowering and its kinds in C.

A codec's model may have only these operators: all that the exporters make. None of them branches,
loops, keeps state or draws random numbers, and the shape of the model's input determines the shapes
of their outputs. The C core runs those that have a lowering.
"""

from __future__ import annotations

from typing import NamedTuple

from aecodec.network.convolutions import (
    check_convolution,
    check_depthwise,
    lower_convolution,
    lower_depthwise,
)
from aecodec.network.elementwise import (
    check_add,
    check_binary,
    check_comparison,
    check_conversion,
    check_extreme,
    check_gelu,
    check_leaky_relu,
    check_logical,
    check_prelu,
    check_product,
    check_same_shapes,
    check_selection,
    check_squared_difference,
    check_sub,
    check_unary,
    lower_add,
    lower_extreme,
    lower_function,
    lower_leaky_relu,
    lower_prelu,
    lower_product,
    lower_rectifier,
    lower_requantization,
    lower_squared_difference,
    lower_sub,
)
from aecodec.network.lowering import Lower
from aecodec.network.matrices import (
    check_batch_product,
    check_fully_connected,
    lower_batch_product,
    lower_fully_connected,
)
from aecodec.network.movement import (
    check_broadcast_to,
    check_concatenation,
    check_gather,
    check_one_hot,
    check_pack,
    check_reshape,
    check_slice,
    check_split,
    check_split_by_sizes,
    check_strided_slice,
    check_tile,
    check_transpose,
    check_unpack,
    lower_concatenation,
    lower_gather,
    lower_reshape,
    lower_slice,
    lower_split,
    lower_strided_slice,
    lower_tile,
    lower_transpose,
)
from aecodec.network.plan import Kind
from aecodec.network.reductions import (
    MAXIMUM,
    MEAN,
    MINIMUM,
    SUM,
    check_arg_extreme,
    check_reduction,
    check_reversal,
    check_running_sum,
    check_top_k,
    lower_reduction,
)
from aecodec.network.softmax import check_log_softmax, check_softmax, lower_softmax
from aecodec.network.spatial import (
    check_bilinear,
    check_depth_to_space,
    check_mirror_pad,
    check_nearest,
    check_pad,
    check_pooling,
    check_space_to_depth,
    lower_bilinear,
    lower_depth_to_space,
    lower_mirror_pad,
    lower_nearest,
    lower_pad,
    lower_pooling,
    lower_space_to_depth,
)
from aecodec.network.transposed import check_transposed, lower_transposed
from aecodec.tflite.call import INTEGERS, QUANTIZED, REAL, Check
from aecodec.tflite.model import Type


class Row(NamedTuple):
    """A row of the operator table: one operator of TFLite.

    Attributes:
        code: number of the operator in TFLite's schema.
        name: its name in the schema.
        check: checks a call before a runtime sees the model.
        lower: lowers the operator to a plan; None if C cannot run it.
        kinds: kinds of operators in C that it becomes, in addition to copies.
    """

    code: int
    name: str
    check: Check
    lower: Lower | None = None
    kinds: tuple[Kind, ...] = ()


def _function(
    code: int, name: str, check: Check = check_unary, lower: Lower = lower_function
) -> Row:
    """A function of one variable: a table of 256 results in C."""
    return Row(code, name, check, lower, (Kind.TABLE,))


_CASTS = (Type.FLOAT32, *INTEGERS, Type.INT8, Type.INT16, Type.UINT8, Type.BOOL)

_BLOCKS = (Kind.CONVOLUTION, Kind.DEPTH_TO_SPACE, Kind.WINDOW)
_MATRICES = (Kind.MATRICES, Kind.MOVE)
_MOVE = (Kind.MOVE,)
_MOVE_AND_JOIN = (Kind.MOVE, Kind.CONCATENATION)
_CODES = (Kind.LOOKUP, Kind.SEARCH)
_REDUCTION = (Kind.MOVE, Kind.REDUCTION)


def _pair(*kinds: Kind) -> tuple[Kind, ...]:
    """Kinds of an operator of two tensors: a table, if one of them is a constant of one element."""
    return (Kind.TABLE, Kind.MOVE, *kinds)


_ROWS = (
    Row(0, "ADD", check_add, lower_add, _pair(Kind.SUM)),
    Row(1, "AVERAGE_POOL_2D", check_pooling, lower_pooling(Kind.MEAN_POOL), (Kind.MEAN_POOL,)),
    Row(2, "CONCATENATION", check_concatenation, lower_concatenation, (Kind.CONCATENATION,)),
    Row(3, "CONV_2D", check_convolution, lower_convolution, (Kind.CONVOLUTION,)),
    Row(4, "DEPTHWISE_CONV_2D", check_depthwise, lower_depthwise, (Kind.DEPTHWISE,)),
    Row(5, "DEPTH_TO_SPACE", check_depth_to_space, lower_depth_to_space, (Kind.DEPTH_TO_SPACE,)),
    Row(6, "DEQUANTIZE", check_conversion((*QUANTIZED, Type.FLOAT16), (Type.FLOAT32,))),
    _function(8, "FLOOR"),
    Row(9, "FULLY_CONNECTED", check_fully_connected, lower_fully_connected, (Kind.CONVOLUTION,)),
    _function(14, "LOGISTIC"),
    Row(17, "MAX_POOL_2D", check_pooling, lower_pooling(Kind.MAXIMUM_POOL), (Kind.MAXIMUM_POOL,)),
    Row(18, "MUL", check_product, lower_product, _pair(Kind.PRODUCT)),
    _function(19, "RELU", lower=lower_rectifier(1)),
    _function(20, "RELU_N1_TO_1", lower=lower_rectifier(2)),
    _function(21, "RELU6", lower=lower_rectifier(3)),
    Row(22, "RESHAPE", check_reshape, lower_reshape),
    Row(23, "RESIZE_BILINEAR", check_bilinear, lower_bilinear, (Kind.BILINEAR,)),
    Row(25, "SOFTMAX", check_softmax, lower_softmax, (Kind.SOFTMAX,)),
    Row(26, "SPACE_TO_DEPTH", check_space_to_depth, lower_space_to_depth, (Kind.SPACE_TO_DEPTH,)),
    _function(28, "TANH"),
    Row(34, "PAD", check_pad, lower_pad, (Kind.WINDOW,)),
    Row(36, "GATHER", check_gather, lower_gather, _MOVE_AND_JOIN + _CODES),
    Row(39, "TRANSPOSE", check_transpose, lower_transpose, _MOVE),
    Row(40, "MEAN", check_reduction, lower_reduction(MEAN), _REDUCTION),
    Row(41, "SUB", check_sub, lower_sub, _pair(Kind.SUM)),
    Row(42, "DIV", check_binary(*REAL, options=(29, 2))),
    Row(45, "STRIDED_SLICE", check_strided_slice, lower_strided_slice, _MOVE),
    _function(47, "EXP"),
    Row(48, "TOPK_V2", check_top_k),
    Row(49, "SPLIT", check_split, lower_split, _MOVE),
    Row(50, "LOG_SOFTMAX", check_log_softmax),
    Row(53, "CAST", check_conversion(_CASTS, _CASTS)),
    Row(54, "PRELU", check_prelu, lower_prelu, _pair(Kind.PRELU)),
    Row(55, "MAXIMUM", check_extreme, lower_extreme(Kind.MAXIMUM), _pair(Kind.MAXIMUM)),
    Row(56, "ARG_MAX", check_arg_extreme(40)),
    Row(57, "MINIMUM", check_extreme, lower_extreme(Kind.MINIMUM), _pair(Kind.MINIMUM)),
    Row(58, "LESS", check_comparison),
    _function(59, "NEG"),
    Row(60, "PADV2", check_pad, lower_pad, (Kind.WINDOW,)),
    Row(61, "GREATER", check_comparison),
    Row(62, "GREATER_EQUAL", check_comparison),
    Row(63, "LESS_EQUAL", check_comparison),
    Row(64, "SELECT", check_selection(0)),
    Row(65, "SLICE", check_slice, lower_slice, _MOVE),
    _function(66, "SIN"),
    Row(67, "TRANSPOSE_CONV", check_transposed, lower_transposed, _BLOCKS),
    Row(69, "TILE", check_tile, lower_tile, _MOVE),
    Row(71, "EQUAL", check_comparison),
    Row(72, "NOT_EQUAL", check_comparison),
    _function(73, "LOG"),
    Row(74, "SUM", check_reduction, lower_reduction(SUM), _REDUCTION),
    _function(75, "SQRT"),
    _function(76, "RSQRT"),
    Row(78, "POW", check_binary(Type.FLOAT32)),
    Row(79, "ARG_MIN", check_arg_extreme(57)),
    Row(81, "REDUCE_PROD", check_reduction),
    Row(82, "REDUCE_MAX", check_reduction, lower_reduction(MAXIMUM), _REDUCTION),
    Row(83, "PACK", check_pack),
    Row(84, "LOGICAL_OR", check_logical),
    Row(85, "ONE_HOT", check_one_hot),
    Row(86, "LOGICAL_AND", check_logical),
    Row(87, "LOGICAL_NOT", check_logical),
    Row(88, "UNPACK", check_unpack),
    Row(89, "REDUCE_MIN", check_reduction, lower_reduction(MINIMUM), _REDUCTION),
    Row(90, "FLOOR_DIV", check_binary(Type.FLOAT32)),
    _function(92, "SQUARE"),
    Row(95, "FLOOR_MOD", check_binary(Type.FLOAT32)),
    Row(97, "RESIZE_NEAREST_NEIGHBOR", check_nearest, lower_nearest, (Kind.NEAREST,)),
    _function(98, "LEAKY_RELU", check_leaky_relu, lower_leaky_relu),
    Row(99, "SQUARED_DIFFERENCE", check_squared_difference, lower_squared_difference,
        _pair(Kind.SQUARED_DIFFERENCE)),
    Row(100, "MIRROR_PAD", check_mirror_pad, lower_mirror_pad, (Kind.MIRROR,)),
    _function(101, "ABS"),
    Row(102, "SPLIT_V", check_split_by_sizes, lower_split, _MOVE),
    _function(104, "CEIL"),
    Row(105, "REVERSE_V2", check_reversal),
    _function(108, "COS"),
    _function(111, "ELU"),
    _function(114, "QUANTIZE", check_conversion(REAL, QUANTIZED), lower_requantization),
    _function(116, "ROUND"),
    _function(117, "HARD_SWISH"),
    Row(123, "SELECT_V2", check_selection(4)),
    Row(126, "BATCH_MATMUL", check_batch_product, lower_batch_product, _MATRICES),
    Row(128, "CUMSUM", check_running_sum),
    Row(130, "BROADCAST_TO", check_broadcast_to),
    _function(150, "GELU", check_gelu),
    Row(156, "ATAN2", check_same_shapes),
    _function(158, "SIGN"),
)  # fmt: skip

OPERATORS = {row.code: row for row in _ROWS}
"""The rows by their numbers in the schema."""
