"""Decoder networks of golden codecs: int8 TFLite models whose results are the same everywhere.

The step of a weight is that of the output, and the step of an input is 1, so nothing is rounded:
a pixel is clip(128 + sum of weight * latent, 0, 255).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder

_INT32, _INT8 = 2, 9
_STEP = 1 / 255
_GREY = 128


def convolutional(weights: np.ndarray, block: int) -> bytes:
    """A 3x3 convolution, whose channels are then spread over blocks of pixels.

    Args:
        weights: (block * block * channels, 3, 3, latent channels) int8.
        block: side of a tile.
    """
    count, _, _, latents = weights.shape
    net = _Network()
    net.tensor(_INT8, (1, 4, 4, latents), 1.0, signature=(1, -1, -1, latents))
    net.tensor(_INT8, weights.shape, _STEP, content=weights)
    net.tensor(_INT32, (count,), _STEP, content=np.full(count, _GREY, np.int32))
    net.tensor(_INT8, (1, 4, 4, count), _STEP, -128, signature=(1, -1, -1, count))
    sides, channels = (1, 4 * block, 4 * block), count // block**2
    net.tensor(_INT8, (*sides, channels), _STEP, -128, signature=(1, -1, -1, channels))
    convolution = schema.Conv2DOptionsT()
    convolution.strideH = convolution.strideW = 1
    net.operator(3, [0, 1, 2], 3, 1, convolution, version=3)
    spread = schema.DepthToSpaceOptionsT()
    spread.blockSize = block
    net.operator(5, [3], 4, 94, spread)
    return net.content(4)


def of_tiles(weights: np.ndarray, code_shape: tuple[int, ...], tile: tuple[int, int]) -> bytes:
    """A product of a matrix and all latents of a tile.

    Args:
        weights: (pixels of a tile, latents of a tile) int8.
        code_shape: shape of the latents of a tile.
        tile: (height, width).
    """
    pixels, latents = weights.shape
    net = _Network()
    net.tensor(_INT8, (1, *code_shape), 1.0)
    net.tensor(_INT32, (2,), content=np.array([1, latents], np.int32))
    net.tensor(_INT8, (1, latents), 1.0)
    net.tensor(_INT8, weights.shape, _STEP, content=weights)
    net.tensor(_INT32, (pixels,), _STEP, content=np.full(pixels, _GREY, np.int32))
    net.tensor(_INT8, (1, pixels), _STEP, -128)
    net.tensor(_INT32, (4,), content=np.array([1, *tile, 1], np.int32))
    net.tensor(_INT8, (1, *tile, 1), _STEP, -128)
    net.operator(22, [0, 1], 2, 17, schema.ReshapeOptionsT())
    net.operator(9, [2, 3, 4], 5, 8, schema.FullyConnectedOptionsT(), version=4)
    net.operator(22, [5, 6], 7, 17, schema.ReshapeOptionsT())
    return net.content(7)


class _Network:
    """A model that is put together tensor by tensor, operator by operator."""

    def __init__(self) -> None:
        self._graph, self._model = schema.SubGraphT(), schema.ModelT()
        self._graph.tensors, self._graph.operators = [], []
        self._model.operatorCodes, self._model.buffers = [], [schema.BufferT()]

    def tensor(
        self,
        kind: int,
        shape: tuple[int, ...],
        scale: float | None = None,
        zero: int = 0,
        *,
        content: np.ndarray | None = None,
        signature: tuple[int, ...] | None = None,
    ) -> None:
        made = schema.TensorT()
        made.type, made.shape, made.name = kind, np.array(shape, np.int32), b"x"
        if signature is not None:
            made.shapeSignature = np.array(signature, np.int32)
        if scale is not None:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale = np.array([scale], np.float32)
            made.quantization.zeroPoint = np.array([zero], np.int64)
        made.buffer = 0 if content is None else self._buffer(content)
        self._graph.tensors.append(made)

    def _buffer(self, content: np.ndarray) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(content.tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return len(self._model.buffers) - 1

    def operator(
        self,
        code: int,
        inputs: list[int],
        output: int,
        options_type: int,
        options: Any,
        version: int = 1,
    ) -> None:
        kind, made = schema.OperatorCodeT(), schema.OperatorT()
        kind.builtinCode = kind.deprecatedBuiltinCode = code
        kind.version = version
        made.opcodeIndex, made.inputs, made.outputs = (
            len(self._model.operatorCodes),
            inputs,
            [output],
        )
        made.builtinOptionsType, made.builtinOptions = options_type, options
        self._model.operatorCodes.append(kind)
        self._graph.operators.append(made)

    def content(self, last: int) -> bytes:
        self._graph.inputs, self._graph.outputs = [0], [last]
        self._model.version, self._model.subgraphs = 3, [self._graph]
        builder = Builder(4096)
        builder.Finish(self._model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
