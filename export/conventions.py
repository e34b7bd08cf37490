"""How models represent pixels: values of black and white, order of channels, and layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np

from aecodec.base.arrays import Float32
from aecodec.export.image_shape import Shape, in_shape
from aecodec.export.model_hints import BYTES, SIGNED, UNIT, PixelRange
from aecodec.keras_models.functional import free_name

COMMON = (UNIT, BYTES, SIGNED, PixelRange((-0.5,), (0.5,)))
NORMALIZED = {
    1: (UNIT.normalized([0.1307], [0.3081]),),  # MNIST in PyTorch's examples
    3: (
        UNIT.normalized([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),  # ImageNet in torchvision
        BYTES.normalized([103.939, 116.779, 123.68], [1, 1, 1]),  # in Caffe, with blue first
    ),
}


@dataclass(frozen=True)
class Convention:
    """How a tensor at an end of a model represents pictures (N, h, w, C) in 0..1, RGB."""

    pixel_range: PixelRange = UNIT
    is_bgr: bool = False
    is_planar: bool = False

    def __str__(self) -> str:
        layout = ", channels first" if self.is_planar else ""
        return f"{self.pixel_range}{', BGR' if self.is_bgr else ''}{layout}"

    def from_pixels(self, images: Float32) -> Float32:
        """Convert images (N, h, w, C) to values, (N, C, h, w) if these are planar."""
        values = (self._ordered(images) - self.pixel_range.mean) / self.pixel_range.std
        return np.asarray(np.moveaxis(values, 3, 1) if self.is_planar else values, np.float32)

    def to_pixels(self, values: Float32, shape: tuple[int, ...]) -> Float32:
        """Convert values (N, ...) to images of a shape (N, h, w, C)."""
        if self.is_planar:
            count, height, width, channels = shape
            values = np.moveaxis(values.reshape(count, channels, height, width), 1, 3)
        pixels = values.reshape(shape) * self.pixel_range.std + self.pixel_range.mean
        return np.asarray(np.nan_to_num(self._ordered(pixels)).clip(0, 1), np.float32)

    def _ordered(self, images: Any) -> Any:
        return images[..., ::-1] if self.is_bgr else images

    def read(self, images: Any, shape: Shape, model: Any) -> Any:
        """Convert a Keras tensor of images to the input of a model, of a shape (...)."""
        std, mean = self.pixel_range.std, self.pixel_range.mean
        name = free_name("pixels_to_model_range", model)
        tensor = self._affine(images, 1 / std, -mean / std, name)
        if self.is_planar:
            tensor = keras.layers.Permute((3, 1, 2), name=free_name("channels_first", model))(
                tensor
            )
        return in_shape(tensor, shape, free_name("values_of_pictures", model))

    def write(self, values: Any, shape: Shape, model: Any) -> Any:
        """Convert the Keras output of a model, of a shape (h, w) or (h, w, C), to images."""
        tensor = values
        if self.is_planar:
            name = free_name("channels_last", model)
            planes = keras.layers.Reshape((shape[2], *shape[:2]), name=f"{name}_planes")(values)
            tensor = keras.layers.Permute((2, 3, 1), name=name)(planes)
        std, mean = self.pixel_range.std, self.pixel_range.mean
        if self.is_bgr:
            std, mean = std[::-1], mean[::-1]
        return self._affine(tensor, std, mean, free_name("model_range_to_pixels", model))

    def _affine(self, tensor: Any, scale: Any, offset: Any, name: str) -> Any:
        """Scale channels and add offsets, after exchanging red and blue if the model is BGR."""
        if not self.is_bgr and len(scale) == 1:
            is_equal = scale[0] == 1 and offset[0] == 0
            layer = keras.layers.Rescaling(float(scale[0]), float(offset[0]), name=name)
            return tensor if is_equal else layer(tensor)
        layer = keras.layers.Conv2D(3, 1, name=name)  # a single rounding in int8
        kernel = np.eye(3)[:: -1 if self.is_bgr else 1] * scale
        result = layer(tensor)
        layer.set_weights([kernel[None, None], np.broadcast_to(offset, 3)])
        return result


class Ends(NamedTuple):
    """The conventions of an encoder's input and of a decoder's output."""

    entry: Convention
    exit: Convention

    def __str__(self) -> str:
        if self.entry == self.exit:
            return f"{self.entry} for both models"
        return f"{self.entry} for the encoder and {self.exit} for the decoder"
