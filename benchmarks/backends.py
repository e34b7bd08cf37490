"""Do all coders and backends decode the same files, to the same codes and nearly the same pixels?

    python -m benchmarks.backends DATA [--codec photo] [--level N] [--limit N] [--json FILE]

Every picture's file is decoded under constriction and in pure Python: the codes must be the same
integers. The pixels come from LiteRT with XNNPACK, with its built-in kernels and with its
reference kernels, and from Keras.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

import aecodec
from aecodec import Codec, DecoderCodec, metrics, rangecoder
from aecodec.dataset import open_dataset
from aecodec.images import Pixels
from aecodec.spec import DECODER_HDF5, DECODER_TFLITE
from aecodec.training import load_model
from aecodec.transforms import Int8, Transform, keras_decoder
from benchmarks.rows import codec_arguments, write_rows

_KERNELS = {
    "LiteRT, XNNPACK": OpResolverType.AUTO,
    "LiteRT, built-in kernels": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    "LiteRT, reference kernels": OpResolverType.BUILTIN_REF,
}


def main() -> None:
    parser = codec_arguments(__doc__, "photo")
    parser.add_argument("--level", type=float)
    parser.add_argument("--limit", type=int, default=1000)
    options = parser.parse_args()
    codec = aecodec.load_codec(options.codec)
    samples = islice(open_dataset(options.data), options.limit)
    pictures = [sample.picture.pixels for sample in samples]
    files = [codec.encoder.compress(pixels, options.level) for pixels in pictures]
    rows: list[dict[str, Any]] = [{"files_with_the_same_codes": _check_codes(codec, files)}]
    for row in [*rows, *_pixels(codec, pictures, files)]:
        print(row, flush=True)
        rows.append(row)
    write_rows(options.json, rows[1:])


def _check_codes(codec: Codec, files: Sequence[bytes]) -> int:
    """Each file under both coders: the same integers, or an AssertionError."""
    for file in files:
        found = []
        for each in (rangecoder.ConstrictionDecoder, rangecoder.PythonDecoder):
            rangecoder.decoder = each
            found.append(codec.decoder.codes(file))
        assert (found[0] == found[1]).all()
    rangecoder.decoder = rangecoder.ConstrictionDecoder
    return len(files)


def _pixels(
    codec: Codec, pictures: Sequence[Pixels], files: Sequence[bytes]
) -> Iterator[dict[str, Any]]:
    first: list[Pixels] = []
    for name, transform in _transforms(codec):
        decoder = DecoderCodec(codec.folder, transform)
        decoded = [decoder.decompress(file).pixels for file in files]
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
    for name, kernels in _KERNELS.items():
        yield name, _litert(_as_first_versions(codec.folder.read(DECODER_TFLITE)), kernels)
    yield "Keras", keras_decoder(load_model(codec.folder.path / DECODER_HDF5))


def _as_first_versions(model: bytes) -> bytes:
    """The model with DEPTH_TO_SPACE of version 1: the reference kernels know it as no other."""
    graph = flatbuffer_utils.read_model_from_bytearray(bytearray(model))
    for code in graph.operatorCodes:
        if code.builtinCode == schema.BuiltinOperator.DEPTH_TO_SPACE:
            code.version = 1
    return bytes(flatbuffer_utils.convert_object_to_bytearray(graph))


def _litert(model: bytes, kernels: OpResolverType) -> Transform:
    def run(batch: Int8) -> Int8:
        interpreter = Interpreter(
            model_content=model, num_threads=1, experimental_op_resolver_type=kernels
        )
        entry, exit_ = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        interpreter.resize_tensor_input(entry["index"], batch.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(entry["index"], batch)
        interpreter.invoke()
        pixels: Int8 = interpreter.get_tensor(exit_["index"])
        return pixels

    return run


if __name__ == "__main__":
    main()
