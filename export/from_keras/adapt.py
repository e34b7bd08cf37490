"""Conversion of Keras models that were trained elsewhere to a pair for a codec."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from aecodec.arrays import Float32
from aecodec.engine.keras import outputs_of, shaped_for
from aecodec.errors import ModelError
from aecodec.export.from_keras import grey_levels, pixel_ranges
from aecodec.export.from_keras.codes import with_codes
from aecodec.export.from_keras.latents import (
    check_single_input,
    code_output,
    without_random_layers,
)
from aecodec.export.image_shape import Shape, image_shape, in_shape
from aecodec.export.model_hints import PIXEL_RANGES, UNIT, ModelHints, PixelRange
from aecodec.keras_models.functional import free_name, with_shapes
from aecodec.keras_models.inference_form import in_inference_form
from aecodec.keras_models.pair import KerasPair, check_latents

Pictures = Callable[[Shape], Float32]
"""Provides pictures (N, height, width, channels) in 0..1 for the image shape of an encoder."""


def adapt_models(
    encoder: Any, decoder: Any, pictures: Pictures, hints: ModelHints | None = None
) -> KerasPair:
    """Convert an encoder and a decoder to a pair: images in 0..1 to one latent tensor, and back.

    Both models are flattened and converted to inference form
    (:mod:`aecodec.keras_models.inference_form`). A variational encoder returns its mean. Flat
    vectors are reshaped, other pixel ranges are scaled, and a distribution over grey levels is
    replaced by its mean. An :class:`AecodecWarning` reports changes that may surprise the user.
    `pictures` are for testing the pair; `hints` are properties that the models do not contain.

    Raises ModelError if the models do not accept pictures, do not fit each other, have several
    inputs or outputs, or return random values.
    """
    hints = hints or ModelHints()
    encoder, decoder = with_shapes(encoder), with_shapes(decoder)
    check_single_input(encoder, "encoder")
    check_single_input(decoder, "decoder")
    encoder = _flat_model(encoder, tuple(decoder.input_shape[1:]), "encoder")
    decoder = _flat_model(decoder, None, "decoder")
    shape = image_shape(encoder, decoder, hints.image_shape)
    images = pictures(shape)
    encoder = without_random_layers(encoder, "encoder", _shaped(images, encoder)[:2])
    check_latents(encoder, decoder)
    encoder, decoder = with_codes(encoder, decoder, _in_all_ranges(images, encoder, hints))
    latents = outputs_of(encoder, _shaped(images, encoder)[:2])
    decoder = without_random_layers(decoder, "decoder", latents)
    decoder = _with_picture_output(decoder, shape, latents)
    _check_outputs(images, latents, outputs_of(decoder, latents))
    ranges = hints.pixel_ranges or _tried_ranges(encoder, decoder, images)
    return KerasPair(_from_pixels(encoder, shape, ranges[0]), _to_pixels(decoder, ranges[1]))


def _in_all_ranges(images: Float32, encoder: Any, hints: ModelHints) -> Float32:
    """Pictures (N, h, w, C) in the encoder's shape, in the ranges that its pixels may have."""
    ranges = hints.pixel_ranges[:1] if hints.pixel_ranges else PIXEL_RANGES[:3]
    scaled = [pixel_ranges.to_range(images, pixel_range) for pixel_range in ranges]
    return _shaped(np.concatenate(scaled), encoder)


def _flat_model(model: Any, decoder_input: Shape | None, half: str) -> Any:
    """A flat model with only the output that is coded or decoded."""
    shape = model.input_shape[1:]
    number = code_output(model, half, decoder_input)
    dtype = str(model.inputs[0].dtype)
    is_number_of_codes = half == "decoder" and "int" in dtype
    tensor = keras.Input(shape, dtype=dtype if is_number_of_codes else None)
    outputs = keras.tree.flatten(in_inference_form(model, tensor))
    return keras.Model(tensor, outputs[number], name=half)


def _check_outputs(images: Float32, latents: Float32, decoded: Float32) -> None:
    """Raise ModelError unless latents and decoded pictures are finite and have the right size."""
    if not (np.isfinite(latents).all() and np.isfinite(decoded).all()):
        raise ModelError("the models return values that are not finite (NaN): train them again")
    if latents.shape[1:] == images.shape[1:] and decoded.shape == latents.shape:
        raise ModelError(
            "the encoder's output has the shape of a picture, so it seems to be the whole "
            "autoencoder: save its two halves, keras.Model(model.inputs, code) and "
            "keras.Model(code, model.outputs), where code is the output of its narrowest layer"
        )
    if decoded.shape[1:3] != images.shape[1:3]:
        raise ModelError(_size_text(images.shape[1:3], latents.shape[1:3], decoded.shape[1:3]))


def _size_text(image: tuple[int, ...], code: tuple[int, ...], decoded: tuple[int, ...]) -> str:
    """Message about decoded pictures with another size than the original."""
    sizes = f"{image[1]}x{image[0]} pixels are decoded to {decoded[1]}x{decoded[0]} pixels"
    factor = decoded[0] // code[0]
    if factor * code[0] != decoded[0] or factor < 2:
        return f'{sizes}: build the models with padding="same"'
    tile = max(1, round(image[0] / factor)) * factor
    return f"{sizes}: use sides that are multiples of {factor}, for example --tile {tile}"


def _with_picture_output(decoder: Any, shape: Shape, latents: Float32) -> Any:
    tensor = decoder.outputs[0]
    output_shape = tuple(tensor.shape[1:])
    if output_shape != shape and grey_levels.levels_of(output_shape, shape):
        tensor = grey_levels.expected_level(tensor, outputs_of(decoder, latents))
    pixels = in_shape(tensor, shape, free_name("pictures_of_values", decoder))
    return keras.Model(decoder.inputs[0], pixels, name="decoder")


def _tried_ranges(encoder: Any, decoder: Any, images: Float32) -> tuple[PixelRange, PixelRange]:
    def run(batch: Float32) -> Float32:
        return outputs_of(decoder, outputs_of(encoder, _shaped(batch, encoder)))

    return pixel_ranges.find_pixel_ranges(run, images)


def _shaped(images: Float32, encoder: Any) -> Float32:
    """Pictures (N, h, w, C) in the input shape of an encoder."""
    if encoder.input_shape[1:] == (images.shape[3], *images.shape[1:3]):
        return images.transpose(0, 3, 1, 2)
    return shaped_for(images, encoder.input_shape)


def _from_pixels(encoder: Any, shape: Shape, pixel_range: PixelRange) -> Any:
    images = keras.Input(shape)
    tensor = images
    if pixel_range != UNIT:
        name = free_name("pixels_to_model_range", encoder)
        tensor = pixel_ranges.layer_to_range(pixel_range, name)(images)
    name = free_name("values_of_pictures", encoder)
    tensor = in_shape(tensor, tuple(encoder.input_shape[1:]), name)
    return keras.Model(images, in_inference_form(encoder, tensor), name="encoder")


def _to_pixels(decoder: Any, pixel_range: PixelRange) -> Any:
    if pixel_range == UNIT:
        return decoder
    name = free_name("model_range_to_pixels", decoder)
    pixels = pixel_ranges.layer_from_range(pixel_range, name)(decoder.outputs[0])
    return keras.Model(decoder.inputs[0], pixels, name="decoder")
