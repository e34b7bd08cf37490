"""What does int8 lose against float, and do all coders and backends agree on the codes?

python -m benchmarks.parity mnist.npz [--json FILE]
"""

from __future__ import annotations

from typing import Any

import numpy as np

import aecodec
from aecodec import DecoderCodec, EncoderCodec, metrics, rangecoder, tiling
from aecodec.prior import Prior
from aecodec.training import load_model
from aecodec.transforms import keras_decoder, keras_encoder
from benchmarks.rows import arguments, write_rows

_CODERS = {
    "constriction": (rangecoder.ConstrictionEncoder, rangecoder.ConstrictionDecoder),
    "pure Python": (rangecoder.PythonEncoder, rangecoder.PythonDecoder),
}


def main() -> None:
    options = arguments(__doc__).parse_args()
    digits = np.load(options.data)["x_test"]
    rows = [_level(digits, level) for level in (1, 2, 3)]
    for row in rows:
        print(row)
    write_rows(options.json, rows)


def _level(digits: np.ndarray[Any, Any], level: int) -> dict[str, Any]:
    codec = aecodec.load_codec("digits")
    tiles = tiling.split(digits[..., None], codec.spec.tile)
    keras = _keras(codec)
    codes = {"LiteRT": codec.encoder.codes(tiles, level), "Keras": keras[0].codes(tiles, level)}
    psnr = {
        "LiteRT": metrics.psnr(metrics.mse(tiles, codec.decoder.planes(codes["LiteRT"], level))),
        "Keras": metrics.psnr(metrics.mse(tiles, keras[1].planes(codes["Keras"], level))),
    }
    prior = codec.folder.prior(level)
    return {
        "level": level,
        "psnr_int8": round(psnr["LiteRT"], 3),
        "psnr_float": round(psnr["Keras"], 3),
        "loss_db": round(psnr["Keras"] - psnr["LiteRT"], 3),
        "codes_that_differ": round(float((codes["LiteRT"] != codes["Keras"]).mean()), 5),
        "files_checked": sum(_check_files(prior, each[:1000]) for each in codes.values()),
    }


def _keras(codec: aecodec.Codec) -> tuple[EncoderCodec, DecoderCodec]:
    folder = codec.folder
    encoder, decoder = (load_model(folder.path / f"{half}.hdf5") for half in ("encoder", "decoder"))
    return (
        EncoderCodec(folder, keras_encoder(encoder)),
        DecoderCodec(folder, keras_decoder(decoder)),
    )


def _check_files(prior: Prior, codes: np.ndarray[Any, Any]) -> int:
    """Each vector by itself through both coders: equal bytes, equal codes, or an AssertionError."""
    for vector in codes:
        payloads = set()
        for write, read in _CODERS.values():
            rangecoder.encoder, rangecoder.decoder = write, read
            payloads.add(payload := prior.encode(vector[None]))
            assert (prior.decode(payload, 1) == vector).all()
        assert len(payloads) == 1
    return len(codes)


if __name__ == "__main__":
    main()
