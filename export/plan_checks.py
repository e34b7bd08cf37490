"""Integer plans of TFLite models, and their comparison with LiteRT's reference kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from aecodec.base.arrays import Float32, Pixels
from aecodec.base.errors import CodecError, ModelError
from aecodec.codec.codec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.compiler.network_plan import network_plan
from aecodec.compiler.reference import reference_transform
from aecodec.export.device.network_source import plan_of
from aecodec.export.tflite.conversion import without_integers
from aecodec.export.tflite.int8 import Int8Half
from aecodec.native.networks import NativeNetwork, to_int8

_COMPARED = 8


def lowered(half: Half, model: Any, int8: Int8Half, *, is_any_size: bool) -> bytes:
    """Convert an int8 model to a plan; ModelError names the layer that C lacks and a remedy."""
    codes: Any = {"after" if half is Half.ENCODER else "before": int8.codes}
    try:
        return network_plan(int8.content, is_any_size=is_any_size, **codes)
    except ModelError as error:
        raise without_integers(int8.content, model, half.value, error) from error


def check_round_trips(codec: Codec, picture: Pixels) -> None:
    """Check that a codec for any size compresses and decompresses parts of a picture (h, w, C).

    Raises ModelError if it rejects a size.
    """
    down, across = codec.spec.tile
    sizes = ((1, 1), (down + 1, 1), (2 * down - 1, across), (3 * down, 2 * across + 1))
    for height, width in sizes:
        part = np.resize(picture, (height, width, picture.shape[2]))
        try:
            shape = codec.decompress_frames(codec.compress(part)).shape
        except CodecError as error:
            raise ModelError(
                f"the codec does not accept a picture of {width}x{height} pixels: use padding in "
                "the convolutions, or pad their input, but do not pad their output"
            ) from error
        assert shape[1:3] == part.shape[:2]


def check_plans(
    codec: Codec, halves: Mapping[Half, Int8Half], images: Pixels, latents: Float32
) -> None:
    """Compare the networks of a codec, unless they contain codes, with LiteRT's reference kernels.

    The inputs are pictures (N, *image_shape) and the latents that the decoder reads (N, *shape).
    Raises ModelError if a result differs.
    """
    inputs = {Half.ENCODER: to_int8(images), Half.DECODER: latents.astype(np.int8)}
    for half, batch in inputs.items():
        network = NativeNetwork(plan_of(codec.folder, half))
        if halves[half].codes:
            continue
        reference = reference_transform(halves[half].content)
        for item in batch[:: max(1, len(batch) // _COMPARED)][:_COMPARED]:
            if not np.array_equal(network(item).ravel(), reference(item[None]).ravel()):
                raise ModelError(
                    f"the {half.value} in C and its TFLite model return different values: report "
                    "this model to the authors of aecodec"
                )
