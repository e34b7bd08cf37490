"""The operator table: the TFLite operators that a codec's model may contain, with their lowering.

None of them branches, loops, keeps state or draws random numbers. C runs the operators that have a
lowering, and tables of functions that consist of others.
"""

from typing import NamedTuple

from aecodec.network import convolutions, elementwise, matrices, movement, reductions, spatial
from aecodec.network.lowering import Lower
from aecodec.network.plan import Kind
from aecodec.network.reductions import MAXIMUM, MEAN, MINIMUM, SUM


class Row(NamedTuple):
    """An operator of TFLite, with its number and name in the schema.

    `lower` is None if C cannot run it.
    """

    code: int
    name: str
    lower: Lower | None = None


def _function(code: int, name: str, lower: Lower = elementwise.lower_function) -> Row:
    """A function of one variable, which is a table of 256 results in C."""
    return Row(code, name, lower)


_ROWS = (
    Row(0, "ADD", elementwise.lower_add),
    Row(1, "AVERAGE_POOL_2D", spatial.lower_pooling(Kind.MEAN_POOL)),
    Row(2, "CONCATENATION", movement.lower_concatenation),
    Row(3, "CONV_2D", convolutions.lower_convolution),
    Row(4, "DEPTHWISE_CONV_2D", convolutions.lower_depthwise),
    Row(5, "DEPTH_TO_SPACE", spatial.lower_depth_to_space),
    Row(6, "DEQUANTIZE"),
    _function(8, "FLOOR"),
    Row(9, "FULLY_CONNECTED", matrices.lower_fully_connected),
    _function(14, "LOGISTIC"),
    Row(17, "MAX_POOL_2D", spatial.lower_pooling(Kind.MAXIMUM_POOL)),
    Row(18, "MUL", elementwise.lower_product),
    _function(19, "RELU", elementwise.lower_rectifier(1)),
    _function(20, "RELU_N1_TO_1", elementwise.lower_rectifier(2)),
    _function(21, "RELU6", elementwise.lower_rectifier(3)),
    Row(22, "RESHAPE", movement.lower_reshape),
    Row(23, "RESIZE_BILINEAR", spatial.lower_bilinear),
    Row(25, "SOFTMAX", reductions.lower_softmax),
    Row(26, "SPACE_TO_DEPTH", spatial.lower_space_to_depth),
    _function(28, "TANH"),
    Row(34, "PAD", spatial.lower_pad),
    Row(36, "GATHER", movement.lower_gather),
    Row(39, "TRANSPOSE", movement.lower_transpose),
    Row(40, "MEAN", reductions.lower_reduction(MEAN)),
    Row(41, "SUB", elementwise.lower_sub),
    Row(42, "DIV"),
    Row(45, "STRIDED_SLICE", movement.lower_strided_slice),
    _function(47, "EXP"),
    Row(48, "TOPK_V2"),
    Row(49, "SPLIT", movement.lower_split),
    Row(50, "LOG_SOFTMAX"),
    Row(53, "CAST"),
    Row(54, "PRELU", elementwise.lower_prelu),
    Row(55, "MAXIMUM", elementwise.lower_extreme(Kind.MAXIMUM)),
    Row(56, "ARG_MAX"),
    Row(57, "MINIMUM", elementwise.lower_extreme(Kind.MINIMUM)),
    Row(58, "LESS"),
    _function(59, "NEG"),
    Row(60, "PADV2", spatial.lower_pad),
    Row(61, "GREATER"),
    Row(62, "GREATER_EQUAL"),
    Row(63, "LESS_EQUAL"),
    Row(64, "SELECT"),
    Row(65, "SLICE", movement.lower_slice),
    _function(66, "SIN"),
    Row(67, "TRANSPOSE_CONV", convolutions.lower_transposed),
    Row(69, "TILE", movement.lower_tile),
    Row(71, "EQUAL"),
    Row(72, "NOT_EQUAL"),
    _function(73, "LOG"),
    Row(74, "SUM", reductions.lower_reduction(SUM)),
    _function(75, "SQRT"),
    _function(76, "RSQRT"),
    Row(78, "POW"),
    Row(79, "ARG_MIN"),
    Row(81, "REDUCE_PROD"),
    Row(82, "REDUCE_MAX", reductions.lower_reduction(MAXIMUM)),
    Row(83, "PACK"),
    Row(84, "LOGICAL_OR"),
    Row(85, "ONE_HOT"),
    Row(86, "LOGICAL_AND"),
    Row(87, "LOGICAL_NOT"),
    Row(88, "UNPACK"),
    Row(89, "REDUCE_MIN", reductions.lower_reduction(MINIMUM)),
    Row(90, "FLOOR_DIV"),
    _function(92, "SQUARE"),
    Row(95, "FLOOR_MOD"),
    Row(97, "RESIZE_NEAREST_NEIGHBOR", spatial.lower_nearest),
    _function(98, "LEAKY_RELU", elementwise.lower_leaky_relu),
    Row(99, "SQUARED_DIFFERENCE", elementwise.lower_squares),
    Row(100, "MIRROR_PAD", spatial.lower_mirror_pad),
    _function(101, "ABS"),
    Row(102, "SPLIT_V", movement.lower_split),
    _function(104, "CEIL"),
    Row(105, "REVERSE_V2"),
    _function(108, "COS"),
    _function(111, "ELU"),
    _function(114, "QUANTIZE", elementwise.lower_requantization),
    _function(116, "ROUND"),
    _function(117, "HARD_SWISH"),
    Row(123, "SELECT_V2"),
    Row(126, "BATCH_MATMUL", matrices.lower_batch_product),
    Row(128, "CUMSUM"),
    Row(130, "BROADCAST_TO"),
    _function(150, "GELU"),
    Row(156, "ATAN2"),
    _function(158, "SIGN"),
)

OPERATORS = {row.code: row for row in _ROWS}
"""The rows by number in the schema."""
