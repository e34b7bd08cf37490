"""Export networks for any picture size: remove their mean error, and write codecs with bands."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aecodec.base.arrays import Float32, Float64, Pixels
from aecodec.base.errors import ModelError
from aecodec.codec.codec import Codec
from aecodec.codec_files.spec import Bands, is_name
from aecodec.datasets.tiles import as_uint8
from aecodec.datasets.transfer_fitting import FittedTransfer
from aecodec.export.codec_folder import export_codec
from aecodec.export.held_out import SampleCoding
from aecodec.export.step_allocation import split_steps
from aecodec.format.container import MetadataKind
from aecodec.format.kept_tags import KeptTags, band_names
from aecodec.imaging.picture import Picture
from aecodec.imaging.transfer import to_phases
from aecodec.keras_models.roles import Role, layer_with
from aecodec.keras_models.runners import outputs_of
from aecodec.prior_fitting.fitting import PriorOptions
from aecodec.training.autoencoder import Autoencoder
from aecodec.training.band_networks import int8_form

_TYPICAL_TILES = 500
_DRAFT_TILES = 400
"""Approximate number of tiles for the draft of a codec, whose mean error is measured."""


def centre(
    autoencoder: Autoencoder, tiles: Float32, levels: int, pictures: Sequence[Float32]
) -> None:
    """Shift decoded pictures so that, over all levels, channels keep the mean of the originals.

    Networks learn to compensate for the zeros around small crops, even where a whole picture has
    none, and integers shift by a quarter of a grey level. A draft of the codec shows the total
    shift, which is subtracted from the bias of the linear path.

    The tiles (N, h, w, C) calibrate the draft; whole pictures (1, H, W, C) are measured.
    """
    with tempfile.TemporaryDirectory() as folder:
        sample, priors = tiles[:: max(1, len(tiles) // _DRAFT_TILES)], PriorOptions(1, 0)
        draft = autoencoder.to_codec(folder, sample, "draft", (), levels, priors)
        shift = np.mean([_shift(draft, as_uint8(picture)) for picture in pictures], axis=0) / 255
    linear = layer_with(autoencoder.decoder, Role.LINEAR_PIXELS)
    kernel, bias = linear.get_weights()
    linear.set_weights([kernel, bias - np.tile(shift, len(bias) // len(shift))])


def _shift(codec: Codec, picture: Pixels) -> Float64:
    size = picture.shape[2], picture.shape[1]
    decoded = [
        codec.decoder.reconstruct(codec.encoder.codes(picture, level), level, size)
        for level in range(1, len(codec.spec.levels) + 1)
    ]
    means = np.mean(decoded, axis=(0, 1, 2, 3), dtype=np.float64)
    return np.asarray(means - picture.mean(axis=(0, 1, 2), dtype=np.float64))


def export_bands(
    autoencoder: Autoencoder,
    folder: Path,
    fitted: FittedTransfer,
    images: Float32,
    names: Sequence[str],
    held_out: Sequence[Float32],
    **options: Any,
) -> Codec:
    """Write a codec with the networks of :mod:`aecodec.training.band_networks`.

    `fitted`: transfer of the `images` (N, h, w, B) in 0..1. `held_out`: arrays (M, h, w, B) to
    measure. `options`: as for `export_codec`. Raises ModelError if the networks were trained
    without levels.
    """
    if autoencoder.gains is None:
        raise ModelError("networks for bands need at least two levels, and a rate weight for each")
    latents = outputs_of(autoencoder.encoder, images)
    vectors = with_extremes(latents, autoencoder.encoder, images.shape[1:])
    steps, copies, levels = split_steps(vectors, autoencoder.gains)
    sample = images[:_TYPICAL_TILES]
    exported = export_codec(
        int8_form(*autoencoder.models, steps, copies, fitted.phases, sample),
        folder,
        levels=levels,
        images=_phases(images, fitted.phases),
        held_out=SampleCoding(
            (_phases(scenes, fitted.phases) for scenes in held_out),
            Bands(fitted.phases, tuple(names), file_limits=True),
            fitted.transfer,
            fitted.ranges,
        ),
        **options,
    )
    return Codec(exported)


def with_extremes(latents: Float32, encoder: Any, shape: tuple[int, ...]) -> Float32:
    """Code vectors (M, K): the latents, and those of a black and a white picture (h, w, B).

    Without them, clouds or snow in a scene saturate in int8 if the training set has hardly any.
    They are at most four times as large as the latents: hot pixels can be the limits of a band.
    """
    extremes = outputs_of(encoder, np.stack([np.zeros(shape), np.ones(shape)]).astype(np.float32))
    _, rows, columns, channels = extremes.shape
    vectors = latents.reshape(-1, channels)
    largest = 4 * np.abs(vectors).max(axis=0)
    return np.concatenate([vectors, extremes[:, rows // 2, columns // 2].clip(-largest, largest)])


def _phases(images: Float32, phases: int) -> Float32:
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
