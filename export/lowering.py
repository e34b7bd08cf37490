"""Integer plans of TFLite models, and their comparison with LiteRT's reference kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from aecodec.arrays import Float32, Pixels
from aecodec.codec.codec import Codec
from aecodec.codec_files.codec_file import NETWORKS
from aecodec.codec_files.file_names import Half
from aecodec.errors import ModelError
from aecodec.export.tflite.conversion import without_integers
from aecodec.keras_models.runners import to_int8
from aecodec.native.networks import NativeNetwork
from aecodec.network.convert import network_plan
from aecodec.tflite.reference import reference_transform

_COMPARED = 8
"""Number of pictures for which plan and TFLite model are compared."""


def lowered(content: bytes, half: Half, model: Any, *, is_any_size: bool) -> bytes:
    """Convert the int8 TFLite model of a half to the plan that the library runs.

    Raises ModelError if the library lacks an operator; the message names the layer of the Keras
    model, and a replacement.
    """
    try:
        return network_plan(content, is_any_size=is_any_size)
    except ModelError as error:
        raise without_integers(content, model, half.value, error) from error


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
