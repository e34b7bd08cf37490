"""Find the shape of the pictures that a pair codes, and convert tensors to this shape."""

from __future__ import annotations

import math
from typing import Any

import keras

from aecodec.base.errors import ModelError

Shape = tuple[int | None, ...]


def image_shape(encoder: Any, decoder: Any, stated: tuple[int, ...] | None) -> Shape:
    """(height, width) or (height, width, channels) of the pictures that an encoder accepts.

    `stated` is the user's shape, for flat vectors. Raises ModelError for other shapes.
    """
    shape: Shape = tuple(encoder.input_shape[1:])
    if stated is not None:
        if None in shape or math.prod(stated) != _values(shape):
            text = "x".join(map(str, (stated[1], stated[0], *stated[2:])))
            raise ModelError(
                f"--image-shape {text} has {math.prod(stated)} values, but the encoder expects "
                f"{shape}: use a shape with that many values"
            )
        return shape if _without_singletons(shape) == _without_singletons(stated) else stated
    if _are_swapped(encoder, decoder):
        raise ModelError(
            f"the encoder expects {shape}, and the decoder expects pictures: swap --encoder and "
            "--decoder"
        )
    if len(shape) == 1:
        return _shape_from_decoder(decoder, shape)
    check_is_picture(shape)
    return shape


def _are_swapped(encoder: Any, decoder: Any) -> bool:
    takes, returns = encoder.input_shape[1:], encoder.output_shape[1:]
    is_larger = _values(returns) > _values(takes)
    return (
        _is_picture(returns)
        and decoder.input_shape == encoder.output_shape
        and (is_larger or (None in takes and not _is_picture(takes)))
    )


def _is_picture(shape: Shape) -> bool:
    return len(shape) in (2, 3) and (*shape, 1)[2] in (1, 3)


def _shape_from_decoder(decoder: Any, flat: Shape) -> Shape:
    shape: Shape = tuple(decoder.output_shape[1:])
    count = flat[0] or 0
    if _is_picture(shape) and None not in shape and _values(shape) == count:
        return shape
    colour, grey = math.isqrt(count // 3), math.isqrt(count)
    example = f"{colour}x{colour}x3" if 3 * colour**2 == count else f"{grey}x{grey}"
    raise ModelError(
        f"the encoder expects flat vectors with {count} values: set the width and height of the "
        f"pictures, for example --image-shape {example}"
    )


def check_is_picture(shape: Shape) -> None:
    """Raise ModelError if an input shape, without the batch, is not a shape of pictures."""
    if _is_picture(shape) and (None in shape) == (shape[:2] == (None, None)):
        return
    raise ModelError(
        f"the encoder expects {shape}, which is not a picture shape: build it for (height, width), "
        "(height, width, 1) or (height, width, 3), channels last, with a fixed size or any size"
    )


def in_shape(tensor: Any, shape: Shape, name: str) -> Any:
    """Convert a Keras tensor (N, ...) of pictures or of their values to a shape (...).

    A new layer gets the `name`. Raises ModelError if the shapes do not fit.
    """
    old: Shape = tuple(tensor.shape[1:])
    if old == shape:
        return tensor
    is_flat = 1 in (len(_without_singletons(old)), len(_without_singletons(shape)))
    has_as_many = None not in (*old, *shape) and _values(old) == _values(shape)
    if has_as_many and (is_flat or _without_singletons(old) == _without_singletons(shape)):
        return keras.layers.Reshape(shape, name=name)(tensor)
    raise ModelError(
        f"the decoder returns {old}, but the encoder expects {shape}: the two shapes must be equal"
    )


def is_flat(model_shape: Shape, shape: Shape) -> bool:
    """Whether a model's shape, with the batch, is that of vectors, unlike the shape of pictures."""
    return len(_without_singletons(tuple(model_shape[1:]))) == 1 < len(_without_singletons(shape))


def _without_singletons(shape: Shape) -> Shape:
    return tuple(side for side in shape if side != 1)


def _values(shape: Shape) -> int:
    return math.prod(side or 0 for side in shape)
