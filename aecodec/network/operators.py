"""The operator table: the TFLite operators that C runs, with their lowering.

None of them branches, loops, keeps state or draws random numbers.
"""

from functools import partial

from aecodec.network import convolutions, elementwise, matrices, movement, reductions, spatial
from aecodec.network.elementwise import lower_pair
from aecodec.network.lowering import Lower
from aecodec.network.plan import Kind
from aecodec.network.reductions import lower_reduction

OPERATORS: dict[str, Lower] = {
    **dict.fromkeys(elementwise.FUNCTIONS, elementwise.lower_function),
    "ADD": partial(lower_pair, kind=Kind.SUM, factors_of=elementwise.factors_of_sum),
    "AVERAGE_POOL_2D": partial(spatial.lower_pooling, kind=Kind.MEAN_POOL),
    "BATCH_MATMUL": matrices.lower_batch_product,
    "CONCATENATION": movement.lower_concatenation,
    "CONV_2D": convolutions.lower_convolution,
    "DEPTHWISE_CONV_2D": convolutions.lower_depthwise,
    "DEPTH_TO_SPACE": spatial.lower_depth_to_space,
    "FULLY_CONNECTED": matrices.lower_fully_connected,
    "GATHER": movement.lower_gather,
    "MAXIMUM": partial(lower_pair, kind=Kind.MAXIMUM, factors_of=elementwise.factors_of_extreme),
    "MAX_POOL_2D": partial(spatial.lower_pooling, kind=Kind.MAXIMUM_POOL),
    "MEAN": partial(lower_reduction, to=reductions.MEAN),
    "MINIMUM": partial(lower_pair, kind=Kind.MINIMUM, factors_of=elementwise.factors_of_extreme),
    "MIRROR_PAD": spatial.lower_mirror_pad,
    "MUL": partial(lower_pair, kind=Kind.PRODUCT, factors_of=elementwise.factors_of_product),
    "PAD": spatial.lower_pad,
    "PADV2": spatial.lower_pad,
    "PRELU": partial(lower_pair, kind=Kind.PRELU, factors_of=elementwise.factors_of_prelu),
    "REDUCE_MAX": partial(lower_reduction, to=reductions.MAXIMUM),
    "REDUCE_MIN": partial(lower_reduction, to=reductions.MINIMUM),
    "RESHAPE": movement.lower_reshape,
    "RESIZE_BILINEAR": spatial.lower_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": spatial.lower_nearest,
    "SLICE": movement.lower_slice,
    "SOFTMAX": reductions.lower_softmax,
    "SPACE_TO_DEPTH": spatial.lower_space_to_depth,
    "SPLIT": movement.lower_split,
    "SPLIT_V": movement.lower_split,
    "SQUARED_DIFFERENCE": partial(
        lower_pair, kind=Kind.SQUARED_DIFFERENCE, factors_of=elementwise.factors_of_squares
    ),
    "STRIDED_SLICE": movement.lower_strided_slice,
    "SUB": partial(lower_pair, kind=Kind.SUM, factors_of=elementwise.factors_of_difference),
    "SUM": partial(lower_reduction, to=reductions.SUM),
    "TILE": movement.lower_tile,
    "TRANSPOSE": movement.lower_transpose,
    "TRANSPOSE_CONV": convolutions.lower_transposed,
}
"""The lowering of each operator, by its name in TFLite's schema."""
