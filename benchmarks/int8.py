"""What does int8 cost beside the float networks that it was made of?

    python -m benchmarks.int8 DATA [--codec photo] [--bpp 0.15 0.9] [--limit N] [--json FILE]

Every level of a codec, whole files, with its int8 networks in LiteRT and with its float ones in
Keras, whose latents are rounded to the same steps and coded under the same priors. The BD-rate is
by the mean of the pictures' PSNR.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

import aecodec
from aecodec import Codec, DecoderCodec, EncoderCodec
from aecodec.dataset import open_dataset
from aecodec.export.formats import keras_half
from aecodec.export.kinds import Half
from aecodec.images import Pixels
from aecodec.transforms import keras_decoder, keras_encoder
from benchmarks.bd_rate import bd_rate, qualities_at
from benchmarks.peers_in_pillow import measure
from benchmarks.rows import codec_arguments, write_rows

Halves = tuple[EncoderCodec, DecoderCodec]


def main() -> None:
    parser = codec_arguments(__doc__, "photo")
    parser.add_argument("--bpp", type=float, nargs=2, default=(0.15, 0.9), metavar=("LOW", "HIGH"))
    parser.add_argument("--limit", type=int, default=1000)
    options = parser.parse_args()
    samples = islice(open_dataset(options.data), options.limit)
    pictures = [sample.picture.pixels[0] for sample in samples]
    codec = aecodec.load_codec(options.codec)
    rows = []
    for row in _rows(codec, pictures):
        print(row, flush=True)
        rows.append(row)
    curves = [
        [(row["bpp"], row["mean_psnr"]) for row in rows if row["networks"] == name]
        for name in ("int8", "float")
    ]
    rate = bd_rate(*curves, qualities_at(curves[0], tuple(options.bpp)))
    print(f"BD-rate of int8 against float: {rate:+.2%}")
    write_rows(options.json, [*rows, {"bd_rate": round(rate, 5)}])


def _rows(codec: Codec, pictures: Sequence[Pixels]) -> Iterator[dict[str, Any]]:
    kinds = {"int8": (codec.encoder, codec.decoder), "float": _in_keras(codec)}
    for level in range(1, len(codec.spec.levels) + 1):
        for name, halves in kinds.items():
            yield {"networks": name, "level": level, **_measured(halves, pictures, level)}


def _in_keras(codec: Codec) -> Halves:
    folder = codec.folder
    return (
        EncoderCodec(folder, keras_encoder(keras_half(folder, Half.ENCODER))),
        DecoderCodec(folder, keras_decoder(keras_half(folder, Half.DECODER))),
    )


def _measured(halves: Halves, pictures: Sequence[Pixels], level: int) -> dict[str, float]:
    encoder, decoder = halves

    def there_and_back(picture: Pixels) -> tuple[int, Pixels]:
        file = encoder.compress(picture, level)
        back = decoder.decompress(file).pixels[0]
        return len(file), np.broadcast_to(back, picture.shape)

    return measure(pictures, there_and_back)


if __name__ == "__main__":
    main()
