"""Convert Keras models that were trained elsewhere to a pair for a codec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from aecodec.base.arrays import Float32
from aecodec.base.errors import ModelError, warn
from aecodec.export.code_layers import with_codes
from aecodec.export.convention_trial import find_conventions
from aecodec.export.conventions import COMMON, Convention, Ends
from aecodec.export.image_shape import Shape, image_shape, in_shape, is_flat
from aecodec.export.model_hints import ModelHints
from aecodec.keras_models.functional import as_functional, calls_of, free_name, with_shapes
from aecodec.keras_models.inference_form import in_inference_form
from aecodec.keras_models.layers import Standardization
from aecodec.keras_models.pair import KerasPair, check_latents
from aecodec.keras_models.runners import outputs_of, shaped_for

Pictures = Callable[[Shape], Float32]
"""Provides pictures (N, height, width, channels) in 0..1 for the image shape of an encoder."""

_MEAN_WORDS = ("mean", "mu")
_NO_HINTS = ModelHints()


def adapt_models(
    encoder: Any, decoder: Any, pictures: Pictures, hints: ModelHints = _NO_HINTS
) -> KerasPair:
    """Convert an encoder and a decoder to a pair: images in 0..1 to one latent tensor, and back.

    Both models are flattened and converted to inference form. A variational encoder then returns
    its mean, flat vectors are reshaped, and pixels are converted from the conventions of the hints,
    or from those that :func:`~aecodec.export.convention_trial.find_conventions` finds with the
    `pictures`. An :class:`AecodecWarning` reports changes that you may not expect.

    Raises ModelError if the models do not accept pictures, do not fit each other, have several
    inputs or outputs, return random values, or contradict the hints.
    """
    encoder, decoder = with_shapes(encoder), with_shapes(decoder)
    _check_single_input(encoder, "encoder")
    _check_single_input(decoder, "decoder")
    encoder = _flat_model(encoder, tuple(decoder.input_shape[1:]), "encoder")
    decoder = _flat_model(decoder, None, "decoder")
    shape = image_shape(encoder, decoder, hints.image_shape)
    images = pictures(shape)
    taken = encoder.input_shape
    sample = shaped_for(images, taken)[:2]
    encoder = _without_random_layers(encoder, "encoder", sample)
    check_latents(encoder, decoder)
    encoder, decoder = with_codes(encoder, decoder, _in_all_ranges(images, taken, hints))
    latents = outputs_of(encoder, sample)
    decoder = _without_random_layers(decoder, "decoder", latents)
    are_flat = is_flat(taken, shape), is_flat(decoder.output_shape, shape)
    pixels = in_shape(decoder.outputs[0], shape, free_name("pictures_of_values", decoder))
    decoder = keras.Model(decoder.inputs[0], pixels, name="decoder")
    _check_outputs(images, latents, outputs_of(decoder, latents))

    def run(values: Float32) -> Float32:
        return outputs_of(decoder, outputs_of(encoder, shaped_for(values, taken)))

    pair = _with_pixels(encoder, decoder, shape, find_conventions(run, images, hints, are_flat))
    _equalize(pair.encoder, images)
    _equalize(pair.decoder, outputs_of(pair.encoder, images))
    return pair


def _equalize(model: Any, inputs: Float32) -> None:
    """Scale channels that are normalized to equal deviations, so that int8 keeps small ones."""
    rebuilt, calls = calls_of(model)
    for layer, tensors, _ in calls:
        if isinstance(layer, Standardization) and layer.scale is not None:
            values = outputs_of(keras.Model(rebuilt.inputs[0], tensors[0]), inputs)
            deviations = values.std(axis=tuple(range(values.ndim - 1)))
            layer.scale.assign(1 / np.maximum(deviations, 1e-3 * deviations.max() + 1e-9))


def _with_pixels(encoder: Any, decoder: Any, shape: Shape, ends: Ends) -> KerasPair:
    inputs = keras.Input(shape)
    values = ends.entry.read(inputs, tuple(encoder.input_shape[1:]), encoder)
    pixels = ends.exit.write(decoder.outputs[0], shape, decoder)
    return KerasPair(
        keras.Model(inputs, in_inference_form(encoder, values), name="encoder"),
        keras.Model(decoder.inputs[0], pixels, name="decoder"),
    )


def _in_all_ranges(images: Float32, taken: Shape, hints: ModelHints) -> Float32:
    ranges = [hints.pixel_ranges[0]] if hints.pixel_ranges[0] else COMMON[:3]
    scaled = [Convention(pixel_range).from_pixels(images) for pixel_range in ranges]
    return shaped_for(np.concatenate(scaled), taken)


def _flat_model(model: Any, decoder_input: Shape | None, half: str) -> Any:
    shape = model.input_shape[1:]
    number = _code_output(model, half, decoder_input)
    dtype = str(model.inputs[0].dtype)
    is_number_of_codes = half == "decoder" and "int" in dtype
    tensor = keras.Input(shape, dtype=dtype if is_number_of_codes else None)
    outputs = keras.tree.flatten(in_inference_form(model, tensor))
    return keras.Model(tensor, outputs[number], name=half)


def _check_outputs(images: Float32, latents: Float32, decoded: Float32) -> None:
    if not (np.isfinite(latents).all() and np.isfinite(decoded).all()):
        raise ModelError("the models return NaN or infinite values: train them again")
    if latents.shape[1:] == images.shape[1:] and decoded.shape == latents.shape:
        raise ModelError(
            "the encoder returns pictures, so it seems to be the whole "
            "autoencoder: save its two halves, keras.Model(model.inputs, code) and "
            "keras.Model(code, model.outputs), where code is the output of its narrowest layer"
        )
    if decoded.shape[1:3] != images.shape[1:3]:
        raise ModelError(_size_text(images.shape[1:3], latents.shape[1:3], decoded.shape[1:3]))


def _size_text(image: tuple[int, ...], code: tuple[int, ...], decoded: tuple[int, ...]) -> str:
    sizes = f"the models decode {image[1]}x{image[0]} pixels to {decoded[1]}x{decoded[0]} pixels"
    factor = decoded[0] // code[0]
    if factor * code[0] != decoded[0] or factor < 2:
        return f'{sizes}: build the models with padding="same"'
    tile = max(1, round(image[0] / factor)) * factor
    return f"{sizes}: use sides that are multiples of {factor}, for example --tile {tile}"


def _check_single_input(model: Any, half: str) -> None:
    if len(model.inputs) != 1:
        names = ", ".join(f"{tensor.name} {tuple(tensor.shape[1:])}" for tensor in model.inputs)
        raise ModelError(
            f"the {half} has {len(model.inputs)} inputs ({names}), but must have one: build a "
            "model with one input, and use constants instead of the other inputs"
        )


def _code_output(model: Any, half: str, decoder_input: tuple[int | None, ...] | None = None) -> int:
    """Number of the single output or, with a warning, of a variational encoder's mean.

    Raises ModelError if the model has several outputs, and none is recognized as a mean.
    """
    if len(model.outputs) == 1:
        return 0
    names, shapes = _output_names(model), [tuple(output.shape[1:]) for output in model.outputs]
    mean = _mean_among(names) if len(set(shapes)) == 1 and shapes[0] == decoder_input else None
    if mean is None:
        raise ModelError(
            f"the {half} has {len(names)} outputs ({', '.join(names)}), but must have one: to use "
            f"the first, save keras.Model({half}.inputs, {half}.outputs[0]); in PyTorch, return "
            "only that output, or pass output_names=['mean', 'log_var'] to torch.onnx.export; for "
            "a CompressAI model, export g_a and g_s"
        )
    warn(f"the encoder returns {', '.join(names)}: the mean, {names[mean]}, becomes the code")
    return mean


def _output_names(model: Any) -> list[str]:
    if isinstance(model.output, dict):
        return [str(path[-1]) for path, _ in keras.tree.flatten_with_path(model.output)]
    return [str(output._keras_history.operation.name) for output in model.outputs]


def _mean_among(names: Sequence[str]) -> int | None:
    means = (at for at, name in enumerate(names) if any(w in name.lower() for w in _MEAN_WORDS))
    return next(means, None)


def _without_random_layers(model: Any, half: str, sample: Float32) -> Any:
    """Replace the layer that draws random latents by the mean, with a warning.

    Raises ModelError if another layer returns random values for a `sample` (N, *input_shape).
    """
    if _is_steady(model.inputs[0], model.outputs[0], sample):
        return model
    model, calls = calls_of(as_functional(model))
    call = next(call for call in calls if not _is_steady(model.inputs[0], call.output, sample))
    is_sampling = len(call.inputs) > 1 and call.inputs[0].shape == call.output.shape
    if half == "encoder" and is_sampling and call.output is model.outputs[0]:
        warn(
            f"{call.layer.name} draws the latents at random: aecodec uses its first input, the "
            "mean, as the code"
        )
        return keras.Model(model.inputs[0], call.inputs[0], name=model.name)
    raise ModelError(
        f"the {half} returns different values each time, because layer {call.layer.name!r} "
        f"({type(call.layer).__name__}) draws random numbers: remove this layer"
    )


def _is_steady(entry: Any, tensor: Any, sample: Float32) -> bool:
    part = keras.Model(entry, keras.tree.flatten(tensor)[0])
    runs = [np.asarray(part(sample, training=False)) for _ in range(2)]
    return np.array_equal(runs[0], runs[1], equal_nan=True)
