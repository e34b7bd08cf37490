"""The quality that a pair of models loses by conversion from floats to int8."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from aecodec import metrics
from aecodec.arrays import Pixels
from aecodec.codec.codec import Codec
from aecodec.errors import warn
from aecodec.export.tflite.mixed_precision import MixedModel
from aecodec.keras_models.runners import float_predictor

_WORTH_A_WARNING = 0.5
_MAX_PICTURES, _MAX_PIXELS = 500, 1 << 22


@dataclass(frozen=True)
class PairLoss:
    """PSNRs in dB at a codec's finest level, with float and int8 models.

    Attributes:
        float_pair: the float models, without rounding the latents.
        codec: the int8 models.
        layers_in_floats: names of the layers that compute in floats, by half.
    """

    float_pair: float
    codec: float
    layers_in_floats: dict[str, list[str]]


def measure_pair_loss(
    codec: Codec, encoder: Any, decoder: Any, pixels: Pixels, mixed: dict[str, MixedModel]
) -> PairLoss:
    """Measure the loss at the finest level of a codec, for uint8 pictures (N, h, w, C).

    If it exceeds 0.5 dB, an :class:`AecodecWarning` names the layer that loses most. The float
    models use latents in units of the quantization steps; `mixed` are the int8 models "encoder" and
    "decoder".
    """
    pixels = pixels[: max(1, min(_MAX_PICTURES, _MAX_PIXELS // math.prod(pixels.shape[1:3])))]
    loss = PairLoss(
        float_pair=_float_psnr(encoder, decoder, pixels),
        codec=_psnr(codec, pixels),
        layers_in_floats={half: list(model.in_floats) for half, model in mixed.items()},
    )
    _warn_of(loss, mixed)
    return loss


def _float_psnr(encoder: Any, decoder: Any, pixels: Pixels) -> float:
    images = pixels.astype(np.float32) / np.float32(255)
    decoded = float_predictor(decoder)(float_predictor(encoder)(images)).reshape(pixels.shape)
    return _rounded(metrics.mse(pixels, np.rint(255 * decoded.clip(0, 1))))


def _psnr(codec: Codec, pixels: Pixels) -> float:
    finest = len(codec.spec.levels)
    codes = codec.encoder.codes(pixels, finest)
    decoded = codec.decoder.reconstruct(codes, finest, (pixels.shape[2], pixels.shape[1]))
    return _rounded(metrics.mse(pixels, decoded))


def _rounded(error: float) -> float:
    return round(metrics.psnr(error), 3)


def _warn_of(loss: PairLoss, mixed: dict[str, MixedModel]) -> None:
    lost = loss.float_pair - loss.codec
    if lost <= _WORTH_A_WARNING:
        return
    damages = [(damage, half) for half, model in mixed.items() for damage in model.damages[:1]]
    worst = max(damages, key=lambda pair: pair[0].error, default=None)
    cause = f"layer {worst[0].layer!r} of the {worst[1]}" if worst else "rounding the latents"
    warn(f"the codec loses {lost:.2f} dB against the float models, mostly by {cause}")
