"""The quality that a pair of models loses by conversion from floats to int8."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from aecodec import metrics
from aecodec.arrays import Float32, Pixels
from aecodec.codec.codec import Codec
from aecodec.errors import warn
from aecodec.keras_models.runners import outputs_of, shaped_for

_WORTH_A_WARNING = 0.5
_MAX_PICTURES, _MAX_PIXELS = 500, 1 << 22


def measure_pair_loss(codec: Codec, encoder: Any, decoder: Any, pixels: Pixels) -> dict[str, float]:
    """PSNRs in dB for uint8 pictures (N, h, w, C): of the float pair, and of the finest level.

    The float pair does not round its latents. An :class:`AecodecWarning` says if the codec loses
    more than 0.5 dB.
    """
    pixels = pixels[: max(1, min(_MAX_PICTURES, _MAX_PIXELS // math.prod(pixels.shape[1:3])))]
    finest, size = len(codec.spec.levels), (pixels.shape[2], pixels.shape[1])
    decoded = codec.decoder.reconstruct(codec.encoder.codes(pixels, finest), finest, size)
    images = pixels.astype(np.float32) / np.float32(255)
    floats = _run(decoder, _run(encoder, images)).reshape(pixels.shape)
    loss = {
        "float_pair": _psnr(pixels, np.rint(255 * floats.clip(0, 1))),
        "codec": _psnr(pixels, decoded),
    }
    lost = loss["float_pair"] - loss["codec"]
    if lost > _WORTH_A_WARNING:
        warn(f"the codec loses {lost:.2f} dB against the float models")
    return loss


def _run(model: Any, batch: Float32) -> Float32:
    return outputs_of(model, shaped_for(batch, model.input_shape))


def _psnr(pixels: Pixels, decoded: Any) -> float:
    return round(metrics.psnr(metrics.mse(pixels, decoded)), 3)
