"""An opened `.aec` file whose frames can be decoded separately."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Latents, Pixels
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.geometry import picture_size, vector_shape
from aecodec.codec.samples import mask_of
from aecodec.coding.payload import Message, split_payload
from aecodec.errors import UsageError
from aecodec.format.limits import Limits
from aecodec.imaging.missing import unpack_alpha
from aecodec.imaging.picture import to_array

Numbers = npt.NDArray[np.intp]
"""Numbers of frames, from 0."""

Cache = Callable[[int, Callable[[], npt.NDArray[Any]]], npt.NDArray[Any]]
"""Returns a cached array by its number; otherwise calls the function and caches its result."""

_ALPHA, _MASK, _PICTURES = -1, -2, -3
"""Cache numbers of the alpha planes, the mask and the pictures of a file with refinements. Codes
have the numbers of their messages."""


class OpenedFile:
    """A file from which selected frames are decoded, and only the messages that contain them.

    A file with refinements is decoded as a whole. `cache` stores its pictures, or the codes of
    messages and alpha planes. Raises FormatError if the file is
    damaged, CodecError if another codec made it, and LimitError if it claims more than the limits.
    """

    def __init__(self, data: bytes, decoder: DecoderCodec, limits: Limits, cache: Cache) -> None:
        self.size = len(data)
        self._decoder, self._cache, self._data, self._limits = decoder, cache, data, limits
        self._header, content = decoder.unpack(data, limits)
        self._number = decoder.level_of(self._header)
        self._level = decoder.spec.level(self._number)
        self._shape = vector_shape(decoder.spec, self._header)
        self._messages = split_payload(content, self._shape) if self._header.has_base else []

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self._header.frames

    @property
    def pixels_of_frame(self) -> int:
        """Number of pixels of each frame."""
        width, height = picture_size(self._decoder.spec, self._header)
        return width * height

    def codes(self, numbers: Numbers) -> Codes:
        """Decode the codes of frames (n,), counted from 0, without running the network.

        Returns (n, V, K) int16, exactly as they were encoded, for V vectors in a frame. Raises
        FormatError if the file is damaged, and UsageError if it has only refinements.
        """
        if not self._header.has_base:
            raise UsageError("the file has no picture before its first refinement, and so no codes")
        rows_per_frame, width = self._shape[0] // self.frames, self._level.code_dimension
        rows = (numbers[:, None] * rows_per_frame + np.arange(rows_per_frame)).reshape(-1)
        codes = np.empty((len(rows), *self._shape[1:], width), np.int16)
        for number, message in enumerate(self._messages):
            span, *places = message.segment.places
            inside = (rows >= span.start) & (rows < span.stop)
            if inside.any():
                decoded = self._cache(number, partial(self._decode_message, message))
                part = decoded.reshape(*message.segment.shape, width)
                codes[(inside, *places)] = part[rows[inside] - span.start]
        return codes.reshape(len(numbers), -1, width)

    def pixels(self, numbers: Numbers) -> Pixels:
        """Decode frames (n,), counted from 0.

        Returns uint8 (n, H, W) for grey pictures, else (n, H, W, C); alpha is the last channel.
        With bands, (n, H, W, B) of the type of the samples. Raises FormatError if the file is
        damaged.
        """
        if self._header.refinements:
            return self._cache(_PICTURES, self._pictures)[numbers]
        header = self._header._replace(frames=len(numbers))
        pixels = self._decoder.reconstruct_pixels(header, self._latents(numbers))
        alpha = self._cache(_ALPHA, self._alpha)[numbers] if header.mode.has_alpha else None
        has_mask = header.samples is not None and bool(header.samples.mask)
        missing = self._cache(_MASK, self._mask)[numbers] if has_mask else None
        return to_array(self._decoder.picture_of(header, pixels, alpha, missing))

    def _pictures(self) -> Pixels:
        return to_array(self._decoder.decompress_picture(self._data, self._limits))

    def _latents(self, numbers: Numbers) -> Latents:
        shape = (len(numbers) * self._shape[0] // self.frames, *self._shape[1:])
        latents = np.zeros((*shape, self._decoder.spec.latent_channels), np.int8)
        codes = self.codes(numbers).reshape(-1, self._level.code_dimension)
        self._level.dequantize_into(codes, latents)
        return latents

    def _decode_message(self, message: Message) -> Codes:
        coder = self._decoder.engine.coder(self._decoder.folder, self._number)
        codes = coder.decode(message.data, message.segment)
        self._level.check(codes)
        return codes

    def _mask(self) -> npt.NDArray[np.bool_]:
        """The mask of the missing samples of all frames, which is one stream."""
        mask = mask_of(self._header, picture_size(self._decoder.spec, self._header))
        assert mask is not None
        return mask

    def _alpha(self) -> Pixels:
        """Decompress the alpha planes of all frames, which are one stream."""
        width, height = picture_size(self._decoder.spec, self._header)
        return unpack_alpha(self._header.alpha, (self.frames, height, width))
