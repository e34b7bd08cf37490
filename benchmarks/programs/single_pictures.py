"""How long does a small picture take, alone and in a batch, beside Keras and other formats?

The data are a folder of pictures of one size, or an array of them. Milliseconds per picture in a
warm process, the shortest of three rounds; the benchmark `cold_start` measures a whole process.
Keras's rows are its `predict` of the same two networks in float, without any entropy coding.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

import aecodec
from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.codec_files.file_names import Half
from aecodec.evaluation.formats import PillowFormat, decode
from aecodec.imaging.picture import without_channel_axis
from aecodec.imaging.tiling import to_planes
from aecodec.keras_models.model_files import keras_half
from benchmarks.harness import Options, Row, least_seconds
from benchmarks.pictures import first_pictures

_PICTURES, _SINGLES, _KERAS_SINGLES, _ROUNDS = 1000, 100, 20, 3
_ANCHORS = (
    PillowFormat("JPEG", "JPEG", {"quality": 30}),
    PillowFormat("WebP, method 4", "WebP", {"quality": 30, "method": 4}),
    PillowFormat("JPEG XL, effort 7", "JXL", {"quality": 50, "effort": 7}),
    PillowFormat("AVIF, speed 6", "AVIF", {"quality": 40, "speed": 6}),
)


def add_arguments(parser: Options) -> None:
    """Add the data and the codec."""
    parser.add_data()
    parser.add_codec("digits")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per codec, alone or in a batch."""
    pictures = [
        without_channel_axis(picture.pixels[0])
        for picture in first_pictures(options.data, _PICTURES)
    ]
    yield from _rows(aecodec.load_codec(options.codec), pictures)


def _rows(codec: Codec, pictures: Sequence[Pixels]) -> Iterator[Row]:
    singles, batch = pictures[:_SINGLES], np.stack(pictures)
    decompress = codec.decompress_frames
    yield _row("aecodec, one by one", singles, codec.compress, decompress)
    yield _row("aecodec, a batch", [batch], codec.compress, decompress, len(batch))
    yield from _keras(codec, batch)
    for anchor in _ANCHORS:
        yield _row(anchor.title, singles, anchor.encode, partial(decode, original=singles[0]))


def _keras(codec: Codec, batch: Pixels) -> Iterator[Row]:
    """The two networks alone, in float, by `predict`."""
    encoder, decoder = (keras_half(codec.folder, half) for half in (Half.ENCODER, Half.DECODER))
    encode = partial(encoder.predict, verbose=0)
    decode_latents = partial(decoder.predict, verbose=0)
    pixels = batch if batch.ndim == 4 else batch[..., None]
    images = to_planes(pixels, codec.spec.channels) / np.float32(255)
    singles = [images[n : n + 1] for n in range(_KERAS_SINGLES)]
    yield _row("Keras predict, one by one", singles, encode, decode_latents)
    yield _row("Keras predict, a batch", [images], encode, decode_latents, len(images))


def _row(
    what: str,
    batches: Sequence[Any],
    encode: Callable[[Any], Any],
    decode: Callable[[Any], object],
    batch_size: int = 1,
) -> Row:
    """Times per picture of several batches of one size."""
    encoded = [encode(batch) for batch in batches]
    count = len(batches) * batch_size
    compress = least_seconds(lambda: [encode(batch) for batch in batches], _ROUNDS)
    decompress = least_seconds(lambda: [decode(file) for file in encoded], _ROUNDS)
    return {
        "what": what,
        "compress_ms": round(1000 * compress / count, 4),
        "decompress_ms": round(1000 * decompress / count, 4),
    }
