"""Array types that the packages share."""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""Pixels, 0 to 255."""

Latents = npt.NDArray[np.int8]
"""Output of the int8 encoder network, and input of the int8 decoder network."""

Codes = npt.NDArray[np.int8 | np.int16]
"""Quantized latents: the symbols that are entropy-coded. The core returns int8, Python int16."""

Values = npt.NDArray[np.uint16]
"""Samples of bands as inputs of networks with P phases: integers from 0 to 255 P."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
