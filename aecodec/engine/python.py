"""The engine in Python: LiteRT runs the networks, NumPy and constriction code the latents."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import CodecSpec
from aecodec.coding.message_coder import MessageCoder, PriorCoder, Shape
from aecodec.coding.rdoq import rdoq_symbols
from aecodec.engine.transform import Transform
from aecodec.entropy.range_coder import FASTEST, RangeCoder
from aecodec.errors import CodecError, errors_about
from aecodec.parallel import Workers


@dataclass(frozen=True)
class PythonEngine:
    """Runs codecs with LiteRT and NumPy; every range coder writes the same bytes."""

    range_coder: RangeCoder = FASTEST

    def name_for(self, folder: CodecFolder) -> str:
        return "python"

    def network(self, folder: CodecFolder, half: Half, workers: Workers) -> Transform:
        from aecodec.engine.litert import ConvolutionalTransform, TileTransform

        content, spec = folder.read(half.tflite), folder.spec
        with errors_about(folder.path / half.tflite):
            is_tiled = not spec.receptive_field
            transform: Any = (
                TileTransform(content, workers) if is_tiled else ConvolutionalTransform(content)
            )
            check_shapes(spec, half, transform.input_shape, transform.output_shape)
        return transform

    def coder(self, folder: CodecFolder, level: float | None) -> MessageCoder:
        chosen = folder.spec.level(level)
        quantizer = partial(rdoq_symbols, folder.rdoq, chosen)
        return PriorCoder(folder.prior(level), chosen, quantizer, self.range_coder)


def check_shapes(spec: CodecSpec, half: Half, shape_in: Shape, shape_out: Shape) -> None:
    """Check that a network has the shapes, without the batch, that its codec states. A last axis of
    1 may be missing. Raises CodecError if a shape differs; for a codec with a receptive field, a
    number of channels.
    """
    tile = (*spec.tile, spec.network_channels)
    stated = (tile, spec.code_shape) if half is Half.ENCODER else (spec.code_shape, tile)
    for shape, expected in zip((shape_in, shape_out), stated, strict=True):
        axes = slice(-1, None) if spec.receptive_field else slice(None)
        accepted = [expected[axes]] + [expected[axes][:-1]] * (expected[-1] == 1)
        if shape[axes] not in accepted:
            raise CodecError(
                f"the model has an input or output of shape {shape}, its codec {expected}"
            )
