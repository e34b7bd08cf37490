"""The operators that a codec's model may have: all that the exporters make, and no others.

None of them branches, loops, keeps anything or draws random numbers, and the shapes of their
outputs follow from the shape of the model's input alone.
"""

from __future__ import annotations

from typing import NamedTuple

from aecodec.tflite import elementwise as each
from aecodec.tflite import movement as move
from aecodec.tflite import products as product
from aecodec.tflite.call import INTEGERS, QUANTIZED, REAL, Rule
from aecodec.tflite.model import Type

_WIDE = 5


class Kind(NamedTuple):
    """A kind of operator.

    Attributes:
        name: its name in the schema.
        rule: checks a call of it.
    """

    name: str
    rule: Rule


_CAST = (Type.FLOAT32, *INTEGERS, Type.INT8, Type.INT16, Type.UINT8, Type.BOOL)
_SUMS = (*REAL, *INTEGERS)

KINDS = {
    0: Kind("ADD", each.binary(*_SUMS, kind=11, most=_WIDE, guard=each.check_sum)),
    1: Kind("AVERAGE_POOL_2D", product.pooling),
    2: Kind("CONCATENATION", move.concatenation),
    3: Kind("CONV_2D", product.convolution),
    4: Kind("DEPTHWISE_CONV_2D", product.depthwise_convolution),
    5: Kind("DEPTH_TO_SPACE", move.depth_to_space),
    6: Kind("DEQUANTIZE", each.convert((*QUANTIZED, Type.FLOAT16), (Type.FLOAT32,))),
    8: Kind("FLOOR", each.unary),
    9: Kind("FULLY_CONNECTED", product.fully_connected),
    14: Kind("LOGISTIC", each.unary),
    17: Kind("MAX_POOL_2D", product.pooling),
    18: Kind("MUL", each.binary(*_SUMS, kind=21, most=_WIDE)),
    19: Kind("RELU", each.unary),
    20: Kind("RELU_N1_TO_1", each.unary),
    21: Kind("RELU6", each.unary),
    22: Kind("RESHAPE", move.reshape),
    23: Kind("RESIZE_BILINEAR", move.resize(15, 2)),
    25: Kind("SOFTMAX", each.softmax),
    26: Kind("SPACE_TO_DEPTH", move.space_to_depth),
    28: Kind("TANH", each.unary),
    34: Kind("PAD", move.pad),
    36: Kind("GATHER", move.gather),
    39: Kind("TRANSPOSE", move.transpose),
    40: Kind("MEAN", move.reduction),
    41: Kind("SUB", each.binary(*_SUMS, kind=28, most=_WIDE, guard=each.check_sum)),
    42: Kind("DIV", each.binary(*REAL, kind=29)),
    45: Kind("STRIDED_SLICE", move.strided_slice),
    47: Kind("EXP", each.unary),
    48: Kind("TOPK_V2", move.top_k),
    49: Kind("SPLIT", move.split),
    50: Kind("LOG_SOFTMAX", each.log_softmax),
    53: Kind("CAST", each.convert(_CAST, _CAST)),
    54: Kind("PRELU", each.prelu),
    55: Kind("MAXIMUM", each.binary(*_SUMS)),
    56: Kind("ARG_MAX", move.arg_extreme(40)),
    57: Kind("MINIMUM", each.binary(*_SUMS)),
    58: Kind("LESS", each.compare),
    59: Kind("NEG", each.unary),
    60: Kind("PADV2", move.pad),
    61: Kind("GREATER", each.compare),
    62: Kind("GREATER_EQUAL", each.compare),
    63: Kind("LESS_EQUAL", each.compare),
    64: Kind("SELECT", each.select(0)),
    65: Kind("SLICE", move.slice_),
    66: Kind("SIN", each.unary),
    67: Kind("TRANSPOSE_CONV", product.transposed_convolution),
    69: Kind("TILE", move.tile),
    71: Kind("EQUAL", each.compare),
    72: Kind("NOT_EQUAL", each.compare),
    73: Kind("LOG", each.unary),
    74: Kind("SUM", move.reduction),
    75: Kind("SQRT", each.unary),
    76: Kind("RSQRT", each.unary),
    78: Kind("POW", each.binary(Type.FLOAT32)),
    79: Kind("ARG_MIN", move.arg_extreme(57)),
    81: Kind("REDUCE_PROD", move.reduction),
    82: Kind("REDUCE_MAX", move.reduction),
    83: Kind("PACK", move.pack),
    84: Kind("LOGICAL_OR", each.logical),
    85: Kind("ONE_HOT", move.one_hot),
    86: Kind("LOGICAL_AND", each.logical),
    87: Kind("LOGICAL_NOT", each.logical),
    88: Kind("UNPACK", move.unpack),
    89: Kind("REDUCE_MIN", move.reduction),
    90: Kind("FLOOR_DIV", each.binary(Type.FLOAT32)),
    92: Kind("SQUARE", each.unary),
    95: Kind("FLOOR_MOD", each.binary(Type.FLOAT32)),
    97: Kind("RESIZE_NEAREST_NEIGHBOR", move.resize(74, 0)),
    98: Kind("LEAKY_RELU", each.leaky_relu),
    99: Kind("SQUARED_DIFFERENCE", each.binary(*REAL, guard=each.check_squared_difference)),
    100: Kind("MIRROR_PAD", move.mirror_pad),
    101: Kind("ABS", each.unary),
    102: Kind("SPLIT_V", move.split_by_sizes),
    104: Kind("CEIL", each.unary),
    105: Kind("REVERSE_V2", move.along_axis),
    108: Kind("COS", each.unary),
    111: Kind("ELU", each.unary),
    114: Kind("QUANTIZE", each.convert(REAL, QUANTIZED)),
    116: Kind("ROUND", each.unary),
    117: Kind("HARD_SWISH", each.unary),
    123: Kind("SELECT_V2", each.select(4)),
    126: Kind("BATCH_MATMUL", product.batch_product),
    128: Kind("CUMSUM", move.running_sum),
    130: Kind("BROADCAST_TO", move.broadcast_to),
    150: Kind("GELU", each.unary_with_options(116, 1)),
    156: Kind("ATAN2", each.same_shapes),
    158: Kind("SIGN", each.unary),
}
"""The kinds of operators, by their numbers in the schema."""
