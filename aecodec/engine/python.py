"""The Python engine: LiteRT runs the networks; NumPy and constriction code the latents."""

from functools import partial
from typing import Any, NamedTuple

from aecodec.arrays import Int64
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.coding.prior_coder import PriorCoder, rdoq_symbols
from aecodec.coding.residual_coder import Coding, Missing, decode_segment, encode_segment
from aecodec.engine.transform import Transform, check_shapes
from aecodec.entropy.range_coder import FASTEST, RangeCoder
from aecodec.errors import errors_about
from aecodec.parallel import Workers


class PythonEngine(NamedTuple):
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

    def exact_network(self, folder: CodecFolder, half: Half, workers: Workers) -> Transform | None:
        from aecodec.tflite.reference import reference_transform

        return reference_transform(folder.read(half.tflite))

    def coder(self, folder: CodecFolder, level: float | None) -> PriorCoder:
        chosen = folder.spec.level(level)
        quantizer = partial(rdoq_symbols, folder.rdoq, chosen)
        return PriorCoder(folder.prior(level), chosen, quantizer, self.range_coder)

    def encode_residuals(
        self, coding: Coding, base: Int64, values: Int64, missing: Missing | None
    ) -> tuple[bytes, Int64]:
        return encode_segment(coding, base, values, missing)

    def decode_residuals(
        self, coding: Coding, base: Int64, message: bytes, missing: Missing | None
    ) -> Int64:
        return decode_segment(coding, base, message, missing)
