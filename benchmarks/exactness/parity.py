"""How far are the int8 networks of `digits` from the float ones, and do both range coders agree?

PSNR on the MNIST test set at each level, with the int8 networks in LiteRT and with the float
networks in Keras. The codes of 1,000 digits by each are then encoded and decoded, digit by digit,
by constriction and in pure Python: the bytes and the codes must be equal.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

import aecodec
from aecodec import Codec, DecoderCodec, EncoderCodec, metrics
from aecodec.arrays import Codes, Pixels
from aecodec.codec_files.file_names import Half
from aecodec.engine.keras import keras_decoder, keras_encoder
from aecodec.entropy import coding
from aecodec.entropy.prior import Prior
from aecodec.entropy.range_coder import CONSTRICTION, PYTHON
from aecodec.keras_models.model_files import keras_half
from benchmarks.harness import Options, Row
from benchmarks.pictures import mnist

_CODED = 1000


def add_arguments(parser: Options) -> None:
    """Add the data."""
    parser.add_data(help="mnist.npz")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per level."""
    _, digits = mnist(options.data)
    codec = aecodec.load_codec("digits")
    for level in range(1, len(codec.spec.levels) + 1):
        yield _level(codec, digits[..., None], level)


def _level(codec: Codec, pixels: Pixels, level: int) -> Row:
    int8_codes, int8_psnr = _codes_and_psnr(codec.encoder, codec.decoder, pixels, level)
    float_codes, float_psnr = _codes_and_psnr(*_in_keras(codec), pixels, level)
    prior = codec.folder.prior(level)
    return {
        "level": level,
        "psnr_int8": round(int8_psnr, 3),
        "psnr_float": round(float_psnr, 3),
        "loss_db": round(float_psnr - int8_psnr, 3),
        "codes_that_differ": round(float((int8_codes != float_codes).mean()), 5),
        "files_checked": sum(
            check_coders(prior, codes[:_CODED]) for codes in (int8_codes, float_codes)
        ),
    }


def _codes_and_psnr(
    encoder: EncoderCodec, decoder: DecoderCodec, pixels: Pixels, level: int
) -> tuple[Codes, float]:
    codes = encoder.codes(pixels, level)
    return codes, metrics.psnr(metrics.mse(pixels, decoder.reconstruct(codes, level)))


def _in_keras(codec: Codec) -> tuple[EncoderCodec, DecoderCodec]:
    folder = codec.folder
    return (
        EncoderCodec(folder, keras_encoder(keras_half(folder, Half.ENCODER))),
        DecoderCodec(folder, keras_decoder(keras_half(folder, Half.DECODER))),
    )


def check_coders(prior: Prior, codes: Codes) -> int:
    """Check that both range coders write the same bytes of each vector, and read it; count vectors.

    Raises:
        AssertionError: bytes or codes differ.
    """
    for vector in codes:
        messages = set()
        for coder in (CONSTRICTION, PYTHON):
            message = coding.encode(prior, vector[None], coder=coder)
            assert (coding.decode(prior, message, 1, coder=coder) == vector).all()
            messages.add(message)
        assert len(messages) == 1
    return len(codes)
