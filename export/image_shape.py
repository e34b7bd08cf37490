"""The shape of the pictures that a pair codes, and tensors of other shapes brought to it."""

from __future__ import annotations

import math
from typing import Any

import keras

from aecodec.errors import ModelError

Shape = tuple[int | None, ...]


def image_shape(encoder: Any, decoder: Any, stated: tuple[int, ...] | None) -> Shape:
    """(height, width) or (height, width, channels) of the pictures that an encoder takes.

    Args:
        encoder: Keras model of one input.
        decoder: Keras model of one output.
        stated: what the user says, for models of flat vectors.

    Raises:
        ModelError: the encoder does not take pictures, or not of the stated shape.
    """
    taken: Shape = tuple(encoder.input_shape[1:])
    if stated is not None:
        if None in taken or math.prod(stated) != math.prod(side or 0 for side in taken):
            raise ModelError(
                f"--image-shape {_as_text(stated)}: pictures of {math.prod(stated)} values, and "
                f"the encoder takes {taken}"
            )
        return taken if _without_ones(taken) == _without_ones(stated) else stated
    if _is_channels_first(taken):
        return (*taken[1:], taken[0])
    if len(taken) == 1:
        return _shape_from_decoder(decoder, taken)
    check_is_picture(taken)
    return taken


def _shape_from_decoder(decoder: Any, taken: Shape) -> Shape:
    """Pictures as the decoder gives them, for an encoder of flat vectors."""
    given: Shape = tuple(decoder.output_shape[1:])
    count = taken[0] or 0
    is_picture = len(given) in (2, 3) and None not in given and (*given, 1)[2] in (1, 3)
    if is_picture and math.prod(side or 0 for side in given) == count:
        return given
    side = math.isqrt(count)
    example = f"{side}x{side}" if side * side == count else "28x28"
    raise ModelError(
        f"the encoder takes flat vectors of {count} values: --image-shape tells the width and the "
        f"height of the pictures, as in --image-shape {example}"
    )


def check_is_picture(shape: Shape) -> None:
    """Check that models of a shape, without the batch, take pictures.

    Raises:
        ModelError: they do not.

    >>> check_is_picture((28, 28, 1)), check_is_picture((None, None, 3))
    (None, None)
    """
    is_picture = len(shape) in (2, 3) and (*shape, 1)[2] in (1, 3)
    if is_picture and (None in shape) == (shape[:2] == (None, None)):
        return
    raise ModelError(
        f"the encoder takes {shape}: these are not pictures, which are (height, width), (height, "
        "width, 1) or (height, width, 3), of a fixed size or of any size"
    )


def in_shape(tensor: Any, shape: Shape, name: str) -> Any:
    """A Keras tensor of pictures, or of their values, in another shape.

    Flat vectors are reshaped, axes of 1 are added or left out, and channels change their place.

    Args:
        tensor: Keras tensor (N, ...).
        shape: the shape without the batch.
        name: name of the layer that does it, where one is needed.

    Raises:
        ModelError: neither makes the one of the other.
    """
    found: Shape = tuple(tensor.shape[1:])
    if found == shape:
        return tensor
    if len(shape) == 3 and found == (shape[2], *shape[:2]):
        return keras.layers.Permute((2, 3, 1), name=name)(tensor)
    if _is_channels_first(shape) and found == (*shape[1:], shape[0]):
        return keras.layers.Permute((3, 1, 2), name=name)(tensor)
    is_flat = 1 in (len(_without_ones(found)), len(_without_ones(shape)))
    has_as_many = None not in (*found, *shape) and _values(found) == _values(shape)
    if has_as_many and (is_flat or _without_ones(found) == _without_ones(shape)):
        return keras.layers.Reshape(shape, name=name)(tensor)
    raise ModelError(
        f"the decoder gives {found}, and the encoder takes {shape}: these two shapes must be equal"
    )


def _without_ones(shape: Shape) -> Shape:
    return tuple(side for side in shape if side != 1)


def _values(shape: Shape) -> int:
    return math.prod(side or 0 for side in shape)


def _is_channels_first(shape: Shape) -> bool:
    """Whether a shape is (channels, height, width); small pictures with channels last are not."""
    return len(shape) == 3 and shape[0] in (1, 3) and shape[2] not in (1, 3)


def _as_text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, (shape[1], shape[0], *shape[2:])))
