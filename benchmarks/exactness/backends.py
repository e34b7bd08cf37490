"""Do all range coders and backends decode a file to the same codes and nearly the same pixels?

Every picture's file is decoded by both range coders, constriction's and the one in pure Python: the
codes must be the same integers. Its pixels come from LiteRT with the kernels of XNNPACK, with its
built-in kernels and with its reference kernels, and from Keras.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

import aecodec
from aecodec import Codec, DecoderCodec, metrics
from aecodec.arrays import Latents, Pixels
from aecodec.codec.execution import Execution
from aecodec.codec_files.file_names import Half
from aecodec.engine.keras import keras_decoder
from aecodec.engine.python import PythonEngine
from aecodec.engine.transform import Transform
from aecodec.entropy.range_coder import CONSTRICTION, PYTHON
from aecodec.keras_models.model_files import keras_half
from aecodec.tflite.interpreter import Kernels, invoke, open_interpreter
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_pictures

_KERNELS = {
    "LiteRT, XNNPACK": Kernels.FASTEST,
    "LiteRT, built-in kernels": Kernels.BUILTIN,
    "LiteRT, reference kernels": Kernels.REFERENCE,
}


def add_arguments(parser: Options) -> None:
    """Add the data, the codec and its level."""
    parser.add_data()
    parser.add_codec("photo")
    parser.add_argument("--level", type=float)
    parser.add_limit()


def measure(options: Namespace) -> Iterator[Row]:
    """One row on the codes, then one per backend on the pixels."""
    codec = aecodec.load_codec(options.codec)
    pictures = first_pictures(options.data, options.limit)
    files = [codec.encoder.compress(picture, level=options.level) for picture in pictures]
    yield {"files_with_the_same_codes": check_codes(codec, files)}
    yield from _pixels(codec, [picture.pixels for picture in pictures], files)


def check_codes(codec: Codec, files: Sequence[bytes]) -> int:
    """Check that both range coders decode each file to the same codes, and count the files.

    Raises:
        AssertionError: the codes of a file differ.
    """
    decoders = [
        DecoderCodec(codec.folder, execution=Execution(PythonEngine(coder)))
        for coder in (CONSTRICTION, PYTHON)
    ]
    for file in files:
        codes, again = (decoder.codes(file) for decoder in decoders)
        assert (codes == again).all()
    return len(files)


def _pixels(codec: Codec, pictures: Sequence[Pixels], files: Sequence[bytes]) -> Iterator[Row]:
    """Differences of each backend's pixels from those of the first."""
    first: list[Pixels] = []
    for name, transform in _transforms(codec):
        decoder = DecoderCodec(codec.folder, transform)
        decoded = [decoder.decompress_picture(file).pixels for file in files]
        first = first or decoded
        pairs = list(zip(first, decoded, strict=True))
        errors = [metrics.mse(*pair) for pair in zip(pictures, decoded, strict=True)]
        yield {
            "backend": name,
            "largest_difference": max(int(np.abs(a.astype(int) - b).max()) for a, b in pairs),
            "pixels_that_differ": round(float(np.mean([(a != b).mean() for a, b in pairs])), 5),
            "mean_psnr": round(float(np.mean([metrics.psnr(error) for error in errors])), 4),
        }


def _transforms(codec: Codec) -> Iterator[tuple[str, Transform]]:
    model = _with_depth_to_space_1(codec.folder.read(Half.DECODER.tflite))
    for name, kernels in _KERNELS.items():
        yield name, _litert(model, kernels)
    yield "Keras", keras_decoder(keras_half(codec.folder, Half.DECODER))


def _with_depth_to_space_1(model: bytes) -> bytes:
    """The model with DEPTH_TO_SPACE of version 1, the only one that the reference kernels know."""
    graph = flatbuffer_utils.read_model_from_bytearray(bytearray(model))
    for code in graph.operatorCodes:
        if code.builtinCode == schema.BuiltinOperator.DEPTH_TO_SPACE:
            code.version = 1
    return bytes(flatbuffer_utils.convert_object_to_bytearray(graph))


def _litert(model: bytes, kernels: Kernels) -> Transform:
    def run(batch: Latents) -> Latents:
        return invoke(open_interpreter(model, input_shape=batch.shape, kernels=kernels), batch)

    return run
