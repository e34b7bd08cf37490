"""Turning models that were trained elsewhere into a pair that a codec can be made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from aecodec.arrays import Float32
from aecodec.engine.keras import outputs_of, shaped_for
from aecodec.errors import ModelError
from aecodec.export.from_keras import grey_levels, pixel_ranges
from aecodec.export.from_keras.hints import UNIT, PixelRange, Wishes
from aecodec.export.from_keras.latents import check_one_input, one_output, without_chance
from aecodec.export.image_shape import Shape, image_shape, in_shape
from aecodec.keras_models.functional import free_name, with_shapes
from aecodec.keras_models.inference_form import in_inference_form
from aecodec.keras_models.pair import KerasPair, check_latents

Pictures = Callable[[Shape], Float32]
"""Some pictures (N, height, width, channels) in 0..1, for the shape that an encoder takes."""


def adopt(
    encoder: Any, decoder: Any, pictures: Pictures, wishes: Wishes | None = None
) -> KerasPair:
    """Turn an encoder and a decoder into a pair: images in 0..1 to one latent tensor, and back.

    Both become flat models that work as after training
    (:mod:`aecodec.keras_models.inference_form`). A variational encoder gives its mean. Flat vectors
    are reshaped, other pixel ranges are scaled, and a distribution over grey levels is replaced by
    its mean. An :class:`AecodecWarning` says what a user may not expect.

    Args:
        encoder: Keras model from images to latents.
        decoder: Keras model from latents to images.
        pictures: gives pictures to try the pair on.
        wishes: what the models do not say.

    Raises:
        ModelError: the models do not take pictures or do not fit each other, have several inputs or
            outputs, or give something else at each call.
    """
    wishes = wishes or Wishes()
    encoder, decoder = with_shapes(encoder), with_shapes(decoder)
    check_one_input(encoder, "encoder")
    check_one_input(decoder, "decoder")
    encoder = _taking(encoder, encoder.input_shape[1:], tuple(decoder.input_shape[1:]), "encoder")
    decoder = _taking(decoder, decoder.input_shape[1:], None, "decoder")
    shape = image_shape(encoder, decoder, wishes.image_shape)
    images = pictures(shape)
    encoder = without_chance(encoder, "encoder", _shaped(images, encoder)[:2])
    check_latents(encoder, decoder)
    latents = outputs_of(encoder, _shaped(images, encoder)[:2])
    decoder = _giving_pictures(without_chance(decoder, "decoder", latents), shape, latents)
    _check_outputs(images, latents, outputs_of(decoder, latents))
    ranges = wishes.pixel_ranges or _found_ranges(encoder, decoder, images)
    return KerasPair(_from_pixels(encoder, shape, ranges[0]), _to_pixels(decoder, ranges[1]))


def _taking(model: Any, shape: Shape, decoder_input: Shape | None, half: str) -> Any:
    """A flat model with only the output that is coded or decoded."""
    number = one_output(model, half, decoder_input)
    tensor = keras.Input(shape)
    outputs = keras.tree.flatten(in_inference_form(model, tensor))
    return keras.Model(tensor, outputs[number], name=half)


def _check_outputs(images: Float32, latents: Float32, found: Float32) -> None:
    """Check what a pair makes of pictures, before anything is made of the pair."""
    if not (np.isfinite(latents).all() and np.isfinite(found).all()):
        raise ModelError("the models give values that are not finite (NaN): train them again")
    if latents.shape[1:] == images.shape[1:] and found.shape == latents.shape:
        raise ModelError(
            "the encoder gives as many values as a picture has, in its shape: it seems to be the "
            "whole autoencoder; save its two halves, keras.Model(model.inputs, code) and "
            "keras.Model(code, model.outputs), where code is the output of its narrowest layer"
        )
    if found.shape[1:3] != images.shape[1:3]:
        raise ModelError(_size_text(images.shape[1:3], latents.shape[1:3], found.shape[1:3]))


def _size_text(taken: tuple[int, ...], coded: tuple[int, ...], given: tuple[int, ...]) -> str:
    """What is wrong where pictures come back in another size, and what to do."""
    sizes = f"of pictures of {taken[1]}x{taken[0]} the decoder gives {given[1]}x{given[0]}"
    factor = given[0] // coded[0]
    if factor * coded[0] != given[0] or factor < 2:
        return f'{sizes}: build the models with padding="same"'
    tile = max(1, round(taken[0] / factor)) * factor
    return f"{sizes}: they take sides that are multiples of {factor}, as with --tile {tile}"


def _giving_pictures(decoder: Any, shape: Shape, latents: Float32) -> Any:
    """A decoder whose output has the shape of the pictures."""
    tensor = decoder.outputs[0]
    given = tuple(tensor.shape[1:])
    if given != shape and grey_levels.levels_of(given, shape):
        tensor = grey_levels.expected_level(tensor, outputs_of(decoder, latents))
    pixels = in_shape(tensor, shape, free_name("pictures_of_values", decoder))
    return keras.Model(decoder.inputs[0], pixels, name="decoder")


def _found_ranges(encoder: Any, decoder: Any, images: Float32) -> tuple[PixelRange, PixelRange]:
    def run(batch: Float32) -> Float32:
        return outputs_of(decoder, outputs_of(encoder, _shaped(batch, encoder)))

    return pixel_ranges.find_pixel_ranges(run, images)


def _shaped(images: Float32, encoder: Any) -> Float32:
    """Pictures (N, h, w, C) in the shape that an encoder takes."""
    taken = encoder.input_shape[1:]
    if taken == (images.shape[3], *images.shape[1:3]):
        return images.transpose(0, 3, 1, 2)
    return shaped_for(images, encoder.input_shape)


def _from_pixels(encoder: Any, shape: Shape, taken: PixelRange) -> Any:
    """An encoder of pictures in 0..1."""
    images = keras.Input(shape)
    tensor = images
    if taken != UNIT:
        scale = pixel_ranges.layer_to_range(taken, free_name("pixels_to_model_range", encoder))
        tensor = scale(images)
    name = free_name("values_of_pictures", encoder)
    tensor = in_shape(tensor, tuple(encoder.input_shape[1:]), name)
    return keras.Model(images, in_inference_form(encoder, tensor), name="encoder")


def _to_pixels(decoder: Any, given: PixelRange) -> Any:
    """A decoder that gives pictures in 0..1."""
    if given == UNIT:
        return decoder
    scale = pixel_ranges.layer_from_range(given, free_name("model_range_to_pixels", decoder))
    pixels = scale(decoder.outputs[0])
    return keras.Model(decoder.inputs[0], pixels, name="decoder")
