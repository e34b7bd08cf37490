"""The operator table: each TFLite operator with its check and its lowering.

A codec's model may contain only these operators, which are all that the exporters use. None of them
branches, loops, keeps state or draws random numbers, and their output shapes depend only on the
shape of the model's input. The C core runs the operators with a lowering.
"""

from typing import NamedTuple

from aecodec.network import convolutions, elementwise, matrices, movement, reductions, spatial
from aecodec.network.elementwise import check_binary, check_conversion, check_unary
from aecodec.network.lowering import Lower
from aecodec.network.plan import Kind
from aecodec.network.reductions import MAXIMUM, MEAN, MINIMUM, SUM
from aecodec.tflite.call import INTEGERS, QUANTIZED, REAL, Check
from aecodec.tflite.model import Type


class Row(NamedTuple):
    """An operator of TFLite, with its number and name in the schema.

    `lower` is None if C cannot run it.
    """

    code: int
    name: str
    check: Check
    lower: Lower | None = None


def _function(
    code: int, name: str, check: Check = check_unary, lower: Lower = elementwise.lower_function
) -> Row:
    """A function of one variable, which is a table of 256 results in C."""
    return Row(code, name, check, lower)


_CASTS = (Type.FLOAT32, *INTEGERS, Type.INT8, Type.INT16, Type.UINT8, Type.BOOL)

_ROWS = (
    Row(0, "ADD", elementwise.check_add, elementwise.lower_add),
    Row(1, "AVERAGE_POOL_2D", spatial.check_pooling, spatial.lower_pooling(Kind.MEAN_POOL)),
    Row(2, "CONCATENATION", movement.check_concatenation, movement.lower_concatenation),
    Row(3, "CONV_2D", convolutions.check_convolution, convolutions.lower_convolution),
    Row(4, "DEPTHWISE_CONV_2D", convolutions.check_depthwise, convolutions.lower_depthwise),
    Row(5, "DEPTH_TO_SPACE", spatial.check_depth_to_space, spatial.lower_depth_to_space),
    Row(6, "DEQUANTIZE", check_conversion((*QUANTIZED, Type.FLOAT16), (Type.FLOAT32,))),
    _function(8, "FLOOR"),
    Row(9, "FULLY_CONNECTED", matrices.check_fully_connected, matrices.lower_fully_connected),
    _function(14, "LOGISTIC"),
    Row(17, "MAX_POOL_2D", spatial.check_pooling, spatial.lower_pooling(Kind.MAXIMUM_POOL)),
    Row(18, "MUL", elementwise.check_product, elementwise.lower_product),
    _function(19, "RELU", lower=elementwise.lower_rectifier(1)),
    _function(20, "RELU_N1_TO_1", lower=elementwise.lower_rectifier(2)),
    _function(21, "RELU6", lower=elementwise.lower_rectifier(3)),
    Row(22, "RESHAPE", movement.check_reshape, movement.lower_reshape),
    Row(23, "RESIZE_BILINEAR", spatial.check_bilinear, spatial.lower_bilinear),
    Row(25, "SOFTMAX", reductions.check_softmax, reductions.lower_softmax),
    Row(26, "SPACE_TO_DEPTH", spatial.check_space_to_depth, spatial.lower_space_to_depth),
    _function(28, "TANH"),
    Row(34, "PAD", spatial.check_pad, spatial.lower_pad),
    Row(36, "GATHER", movement.check_gather, movement.lower_gather),
    Row(39, "TRANSPOSE", movement.check_transpose, movement.lower_transpose),
    Row(40, "MEAN", reductions.check_reduction, reductions.lower_reduction(MEAN)),
    Row(41, "SUB", elementwise.check_sub, elementwise.lower_sub),
    Row(42, "DIV", check_binary(*REAL, options=(29, 2))),
    Row(45, "STRIDED_SLICE", movement.check_strided_slice, movement.lower_strided_slice),
    _function(47, "EXP"),
    Row(48, "TOPK_V2", reductions.check_top_k),
    Row(49, "SPLIT", movement.check_split, movement.lower_split),
    Row(50, "LOG_SOFTMAX", reductions.check_log_softmax),
    Row(53, "CAST", check_conversion(_CASTS, _CASTS)),
    Row(54, "PRELU", elementwise.check_prelu, elementwise.lower_prelu),
    Row(55, "MAXIMUM", elementwise.check_extreme, elementwise.lower_extreme(Kind.MAXIMUM)),
    Row(56, "ARG_MAX", reductions.check_arg_extreme(40)),
    Row(57, "MINIMUM", elementwise.check_extreme, elementwise.lower_extreme(Kind.MINIMUM)),
    Row(58, "LESS", elementwise.check_comparison),
    _function(59, "NEG"),
    Row(60, "PADV2", spatial.check_pad, spatial.lower_pad),
    Row(61, "GREATER", elementwise.check_comparison),
    Row(62, "GREATER_EQUAL", elementwise.check_comparison),
    Row(63, "LESS_EQUAL", elementwise.check_comparison),
    Row(64, "SELECT", elementwise.check_selection(0)),
    Row(65, "SLICE", movement.check_slice, movement.lower_slice),
    _function(66, "SIN"),
    Row(67, "TRANSPOSE_CONV", convolutions.check_transposed, convolutions.lower_transposed),
    Row(69, "TILE", movement.check_tile, movement.lower_tile),
    Row(71, "EQUAL", elementwise.check_comparison),
    Row(72, "NOT_EQUAL", elementwise.check_comparison),
    _function(73, "LOG"),
    Row(74, "SUM", reductions.check_reduction, reductions.lower_reduction(SUM)),
    _function(75, "SQRT"),
    _function(76, "RSQRT"),
    Row(78, "POW", check_binary(Type.FLOAT32)),
    Row(79, "ARG_MIN", reductions.check_arg_extreme(57)),
    Row(81, "REDUCE_PROD", reductions.check_reduction),
    Row(82, "REDUCE_MAX", reductions.check_reduction, reductions.lower_reduction(MAXIMUM)),
    Row(83, "PACK", movement.check_pack),
    Row(84, "LOGICAL_OR", elementwise.check_logical),
    Row(85, "ONE_HOT", movement.check_one_hot),
    Row(86, "LOGICAL_AND", elementwise.check_logical),
    Row(87, "LOGICAL_NOT", elementwise.check_logical),
    Row(88, "UNPACK", movement.check_unpack),
    Row(89, "REDUCE_MIN", reductions.check_reduction, reductions.lower_reduction(MINIMUM)),
    Row(90, "FLOOR_DIV", check_binary(Type.FLOAT32)),
    _function(92, "SQUARE"),
    Row(95, "FLOOR_MOD", check_binary(Type.FLOAT32)),
    Row(97, "RESIZE_NEAREST_NEIGHBOR", spatial.check_nearest, spatial.lower_nearest),
    _function(98, "LEAKY_RELU", elementwise.check_leaky_relu, elementwise.lower_leaky_relu),
    Row(99, "SQUARED_DIFFERENCE", elementwise.check_squares, elementwise.lower_squares),
    Row(100, "MIRROR_PAD", spatial.check_mirror_pad, spatial.lower_mirror_pad),
    _function(101, "ABS"),
    Row(102, "SPLIT_V", movement.check_split_by_sizes, movement.lower_split),
    _function(104, "CEIL"),
    Row(105, "REVERSE_V2", reductions.check_reversal),
    _function(108, "COS"),
    _function(111, "ELU"),
    _function(114, "QUANTIZE", check_conversion(REAL, QUANTIZED), elementwise.lower_requantization),
    _function(116, "ROUND"),
    _function(117, "HARD_SWISH"),
    Row(123, "SELECT_V2", elementwise.check_selection(4)),
    Row(126, "BATCH_MATMUL", matrices.check_batch_product, matrices.lower_batch_product),
    Row(128, "CUMSUM", reductions.check_running_sum),
    Row(130, "BROADCAST_TO", movement.check_broadcast_to),
    _function(150, "GELU", elementwise.check_gelu),
    Row(156, "ATAN2", check_binary(Type.FLOAT32, rank=0)),
    _function(158, "SIGN"),
)

OPERATORS = {row.code: row for row in _ROWS}
"""The rows by number in the schema."""
