"""Tiny codecs with bands and exact networks: identities, or with weights for neighbouring tiles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder

from aecodec.codec_files.bands import Bands
from aecodec.codec_files.folder import CodecFolder, write_folder
from aecodec.codec_files.priors_file import save_priors
from aecodec.codec_files.spec import CodecSpec
from aecodec.coding.levels import Level
from aecodec.entropy.prior import Prior
from aecodec.imaging.transfer import Transfer, linear
from aecodec.prior_fitting.table_fitting import to_frequencies

TILE = 2
_PIXEL_SCALE = 1 / 255


def band_codec(
    path: Path,
    limits: Sequence[tuple[float, float]],
    phases: int = 2,
    *,
    file_limits: bool = False,
    transfer: Transfer | None = None,
    has_encoder: bool = True,
    neighbours: int = 0,
) -> CodecFolder:
    """A codec with tiles of 2x2 pixels, whose latents are its pixels; the last of its two levels
    keeps all of them exactly.

    Args:
        path: the folder.
        limits: of each band.
        phases: number of phases.
        file_limits: whether files may have their own limits.
        transfer: the transfer; linear by default.
        has_encoder: whether the folder has an encoder.
        neighbours: weight of the neighbouring tiles in the decoder; 0 for the identity.
    """
    channels = TILE * TILE * len(limits) * phases
    levels = (Level(0, channels, 5), Level(0, channels))
    names = tuple(f"band {number}" for number in range(1, len(limits) + 1))
    spec = CodecSpec(
        name="bands",
        tile=(TILE, TILE),
        channels=len(limits),
        code_shape=(channels,),
        levels=levels,
        default_level=2,
        receptive_field=1,
        bands=Bands(phases, names, file_limits),
    )
    contents = {
        "priors.npz": save_priors(
            [_prior(level) for level in levels], transfer or linear(limits, phases)
        ),
        "decoder.tflite": _decoder(channels, neighbours),
    }
    if has_encoder:
        contents["encoder.tflite"] = _encoder(channels)
    return write_folder(path, spec, contents, {})


def _prior(level: Level) -> Prior:
    count, most = level.code_dimension, 127 // level.multiple
    widths = np.array([2, 30])
    symbols = np.arange(-most, most + 1)
    bank = [to_frequencies(np.append(0.5 ** np.abs(symbols / w), 1e-4)) for w in widths]
    return Prior(
        bank=np.stack(bank),
        first=-most,
        table=np.arange(2, dtype=np.uint16)[:, None].repeat(count, axis=1),
        offset=np.zeros((2, count), np.int16),
        index=to_frequencies(np.ones(2)),
    )


def _encoder(channels: int) -> bytes:
    """(1, 2 h, 2 w, C) pixels to (1, h, w, 4 C) latents, equal to pixel - 128."""
    pixels = _tensor((1, 8, 8, channels // 4), _PIXEL_SCALE, -128)
    folded = _tensor((1, 4, 4, channels), _PIXEL_SCALE, -128)
    weights = np.eye(channels, dtype=np.int8).reshape(channels, 1, 1, channels)
    latents = _tensor((1, 4, 4, channels), 1.0, 0)
    return _model(
        [pixels, folded, latents],
        [_fold(0, 1), _convolution(1, 2, weights, 255.0, np.full(channels, -128))],
    )


def _decoder(channels: int, neighbours: int) -> bytes:
    """(1, h, w, 4 C) latents to (1, 2 h, 2 w, C) pixels, 128 + sum of weight * latent."""
    latents = _tensor((1, 4, 4, channels), 1.0, 0)
    folded = _tensor((1, 4, 4, channels), _PIXEL_SCALE, -128)
    pixels = _tensor((1, 8, 8, channels // 4), _PIXEL_SCALE, -128)
    side = 3 if neighbours else 1
    weights = np.zeros((channels, side, side, channels), np.int8)
    weights[range(channels), side // 2, side // 2, range(channels)] = 1
    if neighbours:
        weights[range(channels), 0, 2, np.roll(range(channels), 1)] = neighbours
        weights[range(channels), 2, 1, np.roll(range(channels), 5)] = -neighbours
    return _model(
        [latents, folded, pixels],
        [_convolution(0, 1, weights, _PIXEL_SCALE, np.full(channels, 128)), _unfold(1, 2)],
    )


Step = tuple[schema.OperatorT, int, list[tuple[npt.NDArray[Any], float]]]
"""An operator, its number in the schema, and its constants with their scales."""


def _tensor(shape: Sequence[int], scale: float, zero: int, kind: int = 9) -> schema.TensorT:
    made = schema.TensorT()
    made.type, made.shape, made.buffer, made.name = kind, np.array(shape, np.int32), 0, b"x"
    made.quantization = schema.QuantizationParametersT()
    made.quantization.scale = np.array([scale], np.float32)
    made.quantization.zeroPoint = np.array([zero], np.int64)
    return made


def _operator(start: int, stop: int, kind: int, options: Any) -> schema.OperatorT:
    made = schema.OperatorT()
    made.inputs, made.outputs = [start], [stop]
    made.builtinOptionsType, made.builtinOptions = kind, options
    return made


def _fold(start: int, stop: int) -> Step:
    kind = schema.BuiltinOptions.SpaceToDepthOptions
    code = schema.BuiltinOperator.SPACE_TO_DEPTH
    return _moved(start, stop, schema.SpaceToDepthOptionsT(), kind, code)


def _unfold(start: int, stop: int) -> Step:
    kind = schema.BuiltinOptions.DepthToSpaceOptions
    code = schema.BuiltinOperator.DEPTH_TO_SPACE
    return _moved(start, stop, schema.DepthToSpaceOptionsT(), kind, code)


def _moved(start: int, stop: int, options: Any, kind: int, code: int) -> Step:
    options.blockSize = TILE
    return _operator(start, stop, kind, options), code, []


def _convolution(
    start: int, stop: int, weights: npt.NDArray[np.int8], scale: float, bias: npt.NDArray[Any]
) -> Step:
    options = schema.Conv2DOptionsT()
    options.padding, options.strideH, options.strideW = 0, 1, 1
    options.dilationHFactor = options.dilationWFactor = 1
    kind, code = schema.BuiltinOptions.Conv2DOptions, schema.BuiltinOperator.CONV_2D
    constants: Any = [(weights, scale), (bias.astype(np.int32), 0.0)]
    return _operator(start, stop, kind, options), code, constants


def _model(tensors: list[schema.TensorT], steps: list[Step]) -> bytes:
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.buffers, model.operatorCodes, graph.operators = [schema.BufferT()], [], []
    graph.inputs, graph.outputs = [0], [len(tensors) - 1]
    for number, (operator, code, constants) in enumerate(steps):
        kind = schema.OperatorCodeT()
        kind.builtinCode, kind.deprecatedBuiltinCode, kind.version = code, min(code, 127), 1
        model.operatorCodes.append(kind)
        operator.opcodeIndex = number
        for values, scale in constants:
            own = scale or tensors[operator.inputs[0]].quantization.scale[0] * constants[0][1]
            made = _tensor(values.shape, own, 0, 9 if values.dtype == np.int8 else 2)
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
            made.buffer = len(model.buffers)
            model.buffers.append(buffer)
            operator.inputs.append(len(tensors))
            tensors.append(made)
        graph.operators.append(operator)
    graph.tensors, model.version, model.subgraphs = tensors, 3, [graph]
    builder = Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
