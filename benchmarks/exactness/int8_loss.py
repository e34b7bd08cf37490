"""How much larger are files because the networks are int8 and not float?

Every level of a codec, whole files, with its int8 networks in LiteRT and with its float networks in
Keras, whose latents are rounded to the same steps and coded under the same priors. The BD-rate is
by the mean of the pictures' PSNRs.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator

import numpy as np

import aecodec
from aecodec import Codec, DecoderCodec, EncoderCodec
from aecodec.arrays import Pixels
from aecodec.codec_files.file_names import Half
from aecodec.engine.keras import keras_decoder, keras_encoder
from aecodec.evaluation.scores import RoundTrip, score
from aecodec.keras_models.model_files import keras_half
from benchmarks.bd_rate import bd_rate, qualities_at
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_pictures

RoundTripAt = Callable[[int], RoundTrip]
"""A round trip at each level."""


def add_arguments(parser: Options) -> None:
    """Add the data, the codec and the range of the BD-rate."""
    parser.add_data()
    parser.add_codec("photo")
    parser.add_argument("--bpp", type=float, nargs=2, default=(0.15, 0.9), metavar=("LOW", "HIGH"))
    parser.add_limit()


def measure(options: Namespace) -> Iterator[Row]:
    """One row per level and kind of networks, then one with the BD-rate of int8 against float."""
    pictures = [picture.pixels[0] for picture in first_pictures(options.data, options.limit)]
    codec = aecodec.load_codec(options.codec)
    networks = {"int8": _round_trips(codec.encoder, codec.decoder), "float": _in_keras(codec)}
    curves: dict[str, list[tuple[float, float]]] = {name: [] for name in networks}
    for level in range(1, len(codec.spec.levels) + 1):
        for name, round_trip in networks.items():
            scores = score(pictures, round_trip(level))
            curves[name].append((scores["bpp"], scores["mean_psnr"]))
            yield {"networks": name, "level": level, **scores}
    int8, floats = curves["int8"], curves["float"]
    yield {"bd_rate": round(bd_rate(int8, floats, qualities_at(int8, tuple(options.bpp))), 5)}


def _in_keras(codec: Codec) -> RoundTripAt:
    folder = codec.folder
    return _round_trips(
        EncoderCodec(folder, keras_encoder(keras_half(folder, Half.ENCODER))),
        DecoderCodec(folder, keras_decoder(keras_half(folder, Half.DECODER))),
    )


def _round_trips(encoder: EncoderCodec, decoder: DecoderCodec) -> RoundTripAt:
    def at_level(level: int) -> RoundTrip:
        def round_trip(picture: Pixels) -> tuple[int, Pixels]:
            file = encoder.compress(picture, level=level)
            pixels = decoder.decompress_picture(file).pixels[0]
            return len(file), np.broadcast_to(pixels, picture.shape)

        return round_trip

    return at_level
