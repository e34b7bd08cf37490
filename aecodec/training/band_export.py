"""Export of trained networks for bands as a codec."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aecodec.arrays import Float32
from aecodec.codec.codec import Codec
from aecodec.codec_files.spec import Bands, is_name
from aecodec.datasets.transfer_fitting import FittedTransfer
from aecodec.errors import ModelError
from aecodec.export.codec_folder import export_codec
from aecodec.export.held_out import SampleCoding
from aecodec.export.step_allocation import split_steps
from aecodec.format.container import MetadataKind
from aecodec.format.kept_tags import KeptTags, band_names
from aecodec.imaging.picture import Picture
from aecodec.imaging.transfer import to_phases
from aecodec.keras_models.runners import outputs_of
from aecodec.training.autoencoder import Autoencoder
from aecodec.training.networks.bands import int8_form

_TYPICAL_TILES = 500


def export_bands(
    autoencoder: Autoencoder,
    folder: Path,
    fitted: FittedTransfer,
    images: Float32,
    held_out: Sequence[Float32],
    names: Sequence[str],
    **options: Any,
) -> Codec:
    """Write a codec with the networks of :mod:`aecodec.training.networks.bands`.

    `fitted` is the transfer of the `images` (N, h, w, B) in 0..1, which calibrate the networks and
    to which the priors are fitted; arrays `held_out` (M, h, w, B) are measured. For the `options`,
    see :func:`~aecodec.export.codec_folder.export_codec`.

    Raises ModelError if the models cannot be converted or were trained without levels, UsageError
    if the folder contains a codec and `replace` is False, and AecodecError if it cannot be written.
    """
    if autoencoder.gains is None:
        raise ModelError("networks for bands need a rate weight for each of two or more levels")
    latents = outputs_of(autoencoder.encoder, images)
    steps, copies, levels = split_steps(latents, autoencoder.gains)
    pair = autoencoder.encoder, autoencoder.decoder
    networks = int8_form(*pair, steps, copies, fitted.phases, images[:_TYPICAL_TILES])
    bands = Bands(fitted.phases, tuple(names), file_limits=True)
    exported = export_codec(
        *networks,
        folder,
        levels=levels,
        images=_phases(images, fitted.phases),
        held_out=[_phases(scenes, fitted.phases) for scenes in held_out],
        samples=SampleCoding(bands, fitted.transfer, fitted.ranges),
        **options,
    )
    return Codec(exported)


def _phases(images: Float32, phases: int) -> Float32:
    """Images (N, h, w, B) as phases in 0..1 (N, h, w, B * P)."""
    values = np.rint(images * np.float32(255 * phases)).astype(np.uint16)
    return np.asarray(to_phases(values, phases) / np.float32(255), np.float32)


def names_of_bands(scenes: Sequence[Picture]) -> tuple[str, ...]:
    """Names of the bands in the file of the first scene; their numbers if a codec cannot have them.

    >>> names_of_bands([Picture(np.zeros((1, 4, 4, 2), np.int16))])
    ('1', '2')
    """
    count = scenes[0].pixels.shape[-1]
    tags = scenes[0].metadata.get(MetadataKind.TIFF)
    names = (band_names(KeptTags.unpack(tags), count) if tags else None) or ()
    if names and all(map(is_name, names)):
        return names
    return tuple(str(number) for number in range(1, count + 1))
