"""Integer plans of TFLite models, and their comparison with LiteRT's reference kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from aecodec.arrays import Float32, Latents, Pixels
from aecodec.codec.codec import Codec
from aecodec.codec_files.codec_file import NETWORKS
from aecodec.codec_files.file_names import Half
from aecodec.datasets.tiles import as_floats, as_uint8
from aecodec.errors import CodecError, ModelError, warn
from aecodec.export.receptive_field import REMEDY, outputs_at
from aecodec.export.tflite.conversion import without_integers
from aecodec.native.networks import NativeNetwork, to_int8
from aecodec.network.convert import network_plan
from aecodec.tflite.reference import reference_transform

_COMPARED = 8
"""Number of pictures for which plan and TFLite model are compared."""

_SIZES = ((4, 5), (7, 9), (11, 16))
"""Numbers of tiles (rows, columns) at which plans and Keras models are compared."""

_ALIKE, _FACTOR = 2, 4
"""Difference that int8 may make, in latents or grey levels, and as a factor of the usual one."""


def lowered(content: bytes, half: Half, model: Any, *, is_any_size: bool) -> bytes:
    """Convert the int8 TFLite model of a half to the plan that the library runs.

    Raises ModelError if the library lacks an operator; the message names the layer of the Keras
    model, and a replacement.
    """
    try:
        return network_plan(content, is_any_size=is_any_size)
    except ModelError as error:
        raise without_integers(content, model, half.value, error) from error


def check_sizes(
    plans: Mapping[Half, bytes], encoder: Any, decoder: Any, images: Float32, tile: tuple[int, int]
) -> None:
    """Compare plans for any size with their Keras models at several sizes.

    The pictures are cut from the `images` (N, h, w, ...) in 0..1, mirrored where these are smaller;
    `tile` is the (height, width) of a code vector. An :class:`AecodecWarning` says that a plan and
    its model differ by far more than at the size of the images. Raises ModelError if they do not
    take a size.
    """
    own = (images.shape[1] // tile[0], images.shape[2] // tile[1])
    usual: dict[Half, float] = {}
    for size in (own, *_SIZES):
        sides = (size[0] * tile[0], size[1] * tile[1])
        pixels = as_uint8(_mirrored(images[0], sides))
        latents = np.rint(outputs_at("encoder", encoder, as_floats(pixels[None]), size))
        latents = np.clip(latents, -128, 127)
        values = 255 * np.clip(outputs_at("decoder", decoder, latents, sides), 0, 1)
        for half, taken, expected in (
            (Half.ENCODER, to_int8(pixels), latents),
            (Half.DECODER, latents[0].astype(np.int8), values - 128),
        ):
            error = _difference(plans[half], half, taken, expected[0])
            if error > _ALIKE + _FACTOR * usual.setdefault(half, error):
                warn(
                    f"the {half.value} in int8 differs from the Keras model by {error:.1f} at "
                    f"{sides[1]}x{sides[0]} pixels, but by {usual[half]:.1f} at the calibration "
                    "size: calibrate with larger tiles, and without layers that depend on the size"
                )
                return


def _mirrored(image: Any, sides: tuple[int, int]) -> Any:
    padding = [(0, side) for side in sides] + [(0, 0)] * (image.ndim - 2)
    return np.pad(image, padding, "symmetric")[: sides[0], : sides[1]]


def _difference(plan: bytes, half: Half, taken: Latents, expected: Float32) -> float:
    """The root of the mean squared difference between a plan's outputs and others."""
    try:
        outputs = NativeNetwork(plan)(taken)
    except CodecError as error:
        size = f"{taken.shape[1]}x{taken.shape[0]}"
        raise ModelError(f"the {half.value} does not take an input of {size}: {REMEDY}") from error
    return float(np.sqrt(np.mean(np.square(outputs - expected.reshape(outputs.shape)))))


def check_round_trips(codec: Codec, picture: Pixels) -> None:
    """Check that a codec for any size compresses and decompresses parts of a picture (h, w, C).

    Raises ModelError if it does not take a size.
    """
    down, across = codec.spec.tile
    for height, width in (
        (1, 1),
        (down + 1, 1),
        (2 * down - 1, across),
        (3 * down, 2 * across + 1),
    ):
        part = _mirrored(picture, (height, width))
        try:
            shape = codec.decompress_frames(codec.compress(part)).shape
        except CodecError as error:
            raise ModelError(
                f"the codec does not take a picture of {width}x{height} pixels: pad pictures "
                "before convolutions without padding, not after them"
            ) from error
        assert shape[1:3] == part.shape[:2]


def check_plans(
    codec: Codec, tflite: Mapping[Half, bytes], images: Pixels, latents: Float32
) -> None:
    """Compare the networks of a codec with LiteRT's reference kernels.

    The inputs are pictures (N, *image_shape) and the latents that the decoder reads (N, *shape).
    Raises ModelError if a result differs.
    """
    inputs = {Half.ENCODER: to_int8(images), Half.DECODER: latents.astype(np.int8)}
    for half, batch in inputs.items():
        plan = codec.folder.native.find(NETWORKS[half])
        assert plan is not None
        network = NativeNetwork(plan)
        reference = reference_transform(tflite[half])
        stride = max(1, len(batch) // _COMPARED)
        for item in batch[::stride][:_COMPARED]:
            if not np.array_equal(network(item).ravel(), reference(item[None]).ravel()):
                raise ModelError(
                    f"the {half.value} gives other integers than its TFLite model: report this "
                    "model to the authors of aecodec"
                )
