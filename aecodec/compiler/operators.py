"""The TFLite operators that C runs, with their lowering.

No operator branches, loops, keeps state or draws random numbers.
"""

from aecodec.compiler import convolutions, elementwise, matrices, movement, reductions, spatial
from aecodec.compiler.lowering import Lower

OPERATORS: dict[str, Lower] = {
    **dict.fromkeys(elementwise.FUNCTIONS, elementwise.lower_function),
    **dict.fromkeys(elementwise.PAIRS, elementwise.lower_pair),
    **dict.fromkeys(reductions.REDUCTIONS, reductions.lower_reduction),
    **dict.fromkeys(spatial.POOLS, spatial.lower_pooling),
    "BATCH_MATMUL": matrices.lower_batch_product,
    "CONCATENATION": movement.lower_concatenation,
    "CONV_2D": convolutions.lower_convolution,
    "DEPTHWISE_CONV_2D": convolutions.lower_depthwise,
    "DEPTH_TO_SPACE": spatial.lower_depth_to_space,
    "FULLY_CONNECTED": matrices.lower_fully_connected,
    "GATHER": movement.lower_gather,
    "MIRROR_PAD": spatial.lower_mirror_pad,
    "PAD": spatial.lower_pad,
    "PADV2": spatial.lower_pad,
    "RESHAPE": movement.lower_reshape,
    "RESIZE_BILINEAR": spatial.lower_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": spatial.lower_nearest,
    "SLICE": movement.lower_slice,
    "SOFTMAX": reductions.lower_softmax,
    "SPACE_TO_DEPTH": spatial.lower_space_to_depth,
    "SPLIT": movement.lower_split,
    "SPLIT_V": movement.lower_split,
    "STRIDED_SLICE": movement.lower_strided_slice,
    "TILE": movement.lower_tile,
    "TRANSPOSE": movement.lower_transpose,
    "TRANSPOSE_CONV": convolutions.lower_transposed,
}
