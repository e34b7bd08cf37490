"""Pictures before and after compression, for a figure."""

from __future__ import annotations

import math

import numpy as np

from aecodec import metrics
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.distortion import band_errors
from aecodec.format.limits import UNLIMITED
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.display import display
from aecodec.imaging.picture import Picture
from aecodec.imaging.plots import Comparison


def compare_frames(codec: DecoderCodec, picture: Picture, file: bytes) -> Comparison:
    """The first frame of a picture and of its file."""
    restored = codec.decompress_picture(file, UNLIMITED)
    if picture.is_scientific or restored.is_scientific:
        return _compare_bands(picture, restored, len(file))
    original = in_kept_colours(picture, restored.metadata)
    channels = max(original.mode.channels, restored.mode.channels)
    frames = [
        np.broadcast_to(part.pixels[0], (*part.pixels.shape[1:3], channels))
        for part in (original, restored)
    ]
    quality = metrics.psnr(metrics.mse(frames[0], frames[1]))
    return Comparison(frames[0], frames[1], f"{len(file)} bytes, {quality:.2f} dB")


def _compare_bands(original: Picture, restored: Picture, size: int) -> Comparison:
    """Two pictures with bands, and the errors of all frames."""
    bands = (0, 1, 2) if original.pixels.shape[-1] >= 3 else (0,)
    values = band_errors(original, restored)
    return Comparison(
        display(original, original, bands)[0],
        display(restored, original, bands)[0],
        f"{size} bytes, {values['psnr']:.2f} dB, RMSE {math.sqrt(values['mse']):.4g}, "
        f"maximum error {values['max_error']:.4g}",
    )
