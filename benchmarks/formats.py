"""The formats of Pillow that benchmarks measure beside aecodec: lossless ones, and lossy ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import IO

import numpy as np
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.codec.rate_control import REDUCTIONS
from aecodec.evaluation.formats import (
    COMPARED_FORMATS,
    JPEG,
    TUNED_FORMATS,
    PillowFormat,
    decode,
    last_where,
)
from aecodec.imaging.picture import without_channel_axis
from aecodec.imaging.tiling import reduced_size, resize

with suppress(ImportError):
    import ajpegli

    def _save(image: Image.Image, file: IO[bytes], _: str | bytes) -> None:
        file.write(ajpegli.encode(np.asarray(image), **image.encoderinfo))

    Image.register_save("JPEGLI", _save)

PNG = PillowFormat("PNG", "PNG", {"optimize": True})
LOSSLESS = (
    PNG,
    PillowFormat("WebP lossless", "WebP", {"lossless": True, "method": 6}),
    PillowFormat("JPEG XL lossless", "JXL", {"lossless": True}),
)

LOSSY = (JPEG, *COMPARED_FORMATS)

JPEGLI = PillowFormat("jpegli", "jpegli", {}, (1, 10, 20, 35, 50, 65, 75, 85), "ajpegli")
BEST = (JPEGLI, *TUNED_FORMATS)
"""JPEG by a newer encoder, and AVIF with its best settings."""

_QUALITIES = range(100)
"""The plugin for JPEG XL fails at 100."""


def decoded_within(
    anchor: PillowFormat, pixels: Pixels, max_bytes: int
) -> Iterator[tuple[int, Pixels]]:
    """The largest file that fits, of a picture with each of the sizes that aecodec may choose from.

    Args:
        anchor: format of the files.
        pixels: (H, W) or (H, W, C) uint8.
        max_bytes: largest number of bytes of a file.

    Yields:
        The number of bytes of a file, and the decoded picture, enlarged to the shape of `pixels`.
        Sizes without a file that fits are left out.
    """
    picture = np.atleast_3d(pixels)[np.newaxis]
    size = (picture.shape[2], picture.shape[1])
    for reduction in REDUCTIONS:
        small = resize(picture, reduced_size(size, reduction))
        plane = without_channel_axis(small[0])
        files: dict[int, bytes] = {}

        def fits(quality: int, plane: Pixels = plane, files: dict[int, bytes] = files) -> bool:
            files[quality] = anchor.at_quality(quality).encode(plane)
            return len(files[quality]) <= max_bytes

        if fits(0):
            content = files[last_where(_QUALITIES, fits) or 0]
            decoded = decode(content, plane).reshape(small.shape)
            yield len(content), resize(decoded, size).reshape(pixels.shape)
