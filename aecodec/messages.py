"""Pictures as radio messages: small payloads without a signature, some of which may be lost.

The first message is a picture. Each further message is a layer, which adds detail and needs all
messages before it. Section 15 of `docs/FORMAT.md` specifies them.

>>> import numpy as np
>>> ramp = np.add.outer(np.arange(96), np.arange(128)).astype(np.uint8)
>>> messages = encode(ramp, max_bytes=40, count=2)
>>> [len(message) <= 40 for message in messages]
[True, True]
>>> decode(messages[:1]).size, decode(messages).size
((128, 96), (128, 96))
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cache, partial
from typing import NamedTuple

import numpy as np
from PIL import Image

from aecodec import preview
from aecodec.arrays import Codes, Latents
from aecodec.codec.codec import Codec
from aecodec.codec.distortion import ms_ssim
from aecodec.codec.encoded_picture import Compressed
from aecodec.codec.geometry import vector_shape
from aecodec.codec.rate_control import all_levels, last_where
from aecodec.codec.registry import load_codec
from aecodec.codec.sources import COLOURS, ImageSource, to_picture
from aecodec.coding import enhancement, payload
from aecodec.coding.enhancement import Intervals
from aecodec.coding.payload import Shape
from aecodec.coding.prior_coder import PriorCoder
from aecodec.engine.python import PythonEngine
from aecodec.entropy.spatial_context import Grid
from aecodec.errors import FormatError, UsageError, memory_errors_wrapped, warn
from aecodec.format.bare import checksum_of, from_bare, to_bare
from aecodec.format.container import LEVEL_UNITS
from aecodec.image_files.colour import in_kept_colours
from aecodec.image_files.writing import to_pil
from aecodec.imaging.picture import Picture

__all__ = ["decode", "encode"]

_PREVIEW, _LAYER = 0xF0, 0xE0
"""First bytes of previews and, plus their number, of layers. Bare payloads never begin with them:
flag bit 7 excludes bits 0, 1 and 6."""

MAX_COUNT = 16
"""Largest number of messages of a picture."""

_LAYERS = {bytes([_LAYER + number]) for number in range(1, MAX_COUNT)}
"""First bytes of layers."""

_LARGEST_PREVIEW = 128
"""Previews of more bytes are not better, so larger messages contain a picture of the codec."""

_PREVIEW_SIDE = 256
"""Longer side of decoded previews, which do not state the size of their picture."""


def encode(
    image: ImageSource,
    max_bytes: int = 200,
    count: int = 1,
    codec: Codec | None = None,
    checksum: bool = False,
) -> list[bytes]:
    """Encode a picture to at most `count` messages of at most `max_bytes` bytes each.

    The first message is a preview or a bare payload of the codec, whichever has the higher MS-SSIM;
    a preview has no layers. There are fewer than `count` messages if the codec has no finer level.
    The codec is `photo` by default. With `checksum`, the last byte of each message is a checksum,
    which also detects layers of another picture.

    Raises ImageError if the picture cannot be read, and UsageError if it has several frames,
    `max_bytes` is below 11, or below 12 with a checksum, the codec has bands, `count` is not in
    1..16, or it is above 1 for a codec without gains, such as `digits`.
    """
    codec = codec or load_codec("photo")
    least = 1 + preview.LEAST_BYTES + checksum
    if max_bytes < least:
        raise UsageError(f"a message needs {least} bytes or more, not {max_bytes}")
    if not 1 <= count <= MAX_COUNT:
        raise UsageError(f"{count} messages: a picture has 1 to {MAX_COUNT}")
    _check_codec(codec, has_layers=count > 1)
    picture = codec.encoder.picture_of(to_picture(image, COLOURS))
    if picture.frames > 1:
        raise UsageError(f"a message contains one picture, not {picture.frames}")
    sender = _Sender(codec, max_bytes, checksum)
    first, compressed = sender.first(picture)
    layers = sender.layers(compressed, count - 1) if compressed and count > 1 else iter(())
    return [sender.finish(first), *(sender.finish(layer, first) for layer in layers)]


class _Sender(NamedTuple):
    """Makes messages of at most `max_bytes` bytes."""

    codec: Codec
    max_bytes: int
    checksum: bool

    @property
    def _space(self) -> int:
        """Largest number of bytes before the checksum."""
        return self.max_bytes - self.checksum

    def first(self, picture: Picture) -> tuple[bytes, Compressed | None]:
        """The first message, and the codec's picture unless it is a preview."""
        try:
            compressed = self.codec.compress_picture(
                picture, metadata=False, max_bare_bytes=self._space
            )
        except UsageError:  # it does not fit
            return self._preview(picture), None
        ratio = max(picture.size) / min(picture.size)
        if self._space <= _LARGEST_PREVIEW and ratio <= preview.LARGEST_RATIO:
            message = self._preview(picture)
            if self._is_better(message, picture, compressed):
                return message, None
        return to_bare(compressed.data), compressed

    def _preview(self, picture: Picture) -> bytes:
        most = min(self._space, _LARGEST_PREVIEW) - 1
        return bytes([_PREVIEW]) + preview.encode(to_pil(picture)[0], max_bytes=most)

    def _is_better(self, message: bytes, picture: Picture, compressed: Compressed) -> bool:
        """Whether a preview is more similar to a picture than the codec's picture."""
        header, latents = compressed.encoded.header, compressed.dequantized
        original = in_kept_colours(picture, {}).pixels[0]
        smooth = np.asarray(preview.decode(message[1:], size=picture.size).convert("RGB"))
        restored = self.codec.decoder.reconstruct_pixels(header, latents)[0]
        original, restored = (np.broadcast_to(a, smooth.shape) for a in (original, restored))
        return ms_ssim(original, smooth) > ms_ssim(original, restored)

    def layers(self, compressed: Compressed, count: int) -> Iterator[bytes]:
        """Yield layers of a picture while the codec has finer levels."""
        latents = compressed.encoded.latents
        known = _Known.of_file(self.codec, compressed.data)
        for number in range(1, count + 1):
            best = known.best_layer(latents, self._space - 1)
            if best is None:
                return
            layer, known = best
            yield bytes([_LAYER + number]) + layer

    def finish(self, message: bytes, first: bytes = b"") -> bytes:
        """Add the checksum, if messages have it; layers depend on the first message."""
        if not self.checksum:
            return message
        return message + checksum_of(self.codec.spec.codec_id, first + message)


class _Known(NamedTuple):
    """The codes (N, K) of a picture that a receiver knows, and their level."""

    codec: Codec
    shape: Shape
    level: float
    codes: Codes

    @classmethod
    def of_file(cls, codec: Codec, data: bytes) -> _Known:
        header, _ = codec.decoder.unpack(data)
        shape, level = vector_shape(codec.spec, header), codec.decoder.level_of(header)
        return cls(codec, shape, level, codec.decoder.codes(data))

    @property
    def _grid(self) -> Grid | None:
        return self.shape if len(self.shape) == 3 else None

    def _coder(self, level: float) -> PriorCoder:
        return PythonEngine().coder(self.codec.folder, level)

    def _allowed(self, fine: PriorCoder) -> Intervals:
        return Intervals.of(self.codes, self._coder(self.level).level, fine.level)

    @property
    def _finer(self) -> list[float]:
        """The levels that a layer can have."""
        return [level for level in all_levels(self.codec.spec) if level > self.level]

    def best_layer(self, latents: Latents, max_bytes: int) -> tuple[bytes, _Known] | None:
        """Encode the layer of the finest level that fits, without its first byte, if any does."""
        encoded = cache(partial(self._encode, latents))
        fitting = last_where(self._finer, lambda level: len(encoded(level)[0]) <= max_bytes)
        return None if fitting is None else encoded(fitting)

    def _encode(self, latents: Latents, level: float) -> tuple[bytes, _Known]:
        coder = self._coder(level)
        codes = payload.codes_of(coder, coder.level, latents)
        message, codes = enhancement.encode(coder.prior, codes, self._allowed(coder), self._grid)
        index = self.codec.spec.level_index(level)
        return bytes([index]) + message, self._replace(level=level, codes=codes)

    def decode(self, layer: bytes) -> _Known:
        """Decode a layer without its first byte; raises FormatError if it is damaged."""
        index, message = layer[0] if layer else 0, layer[1:]
        level = index / LEVEL_UNITS
        if level not in self._finer:
            raise FormatError(f"damaged: no layer after level {self.level:g} has level {level:g}")
        coder = self._coder(level)
        codes = enhancement.decode(coder.prior, message, self._allowed(coder), self._grid)
        coder.level.check(codes)
        return self._replace(level=level, codes=codes)

    @property
    def latents(self) -> Latents:
        """The dequantized latents (*shape, channels)."""
        latents = np.zeros((*self.shape, self.codec.spec.latent_channels), np.int8)
        self._coder(self.level).dequantize_into(self.codes, latents)
        return latents


@memory_errors_wrapped()
def decode(
    messages: Iterable[bytes], codec: Codec | None = None, checksum: bool = False
) -> Image.Image:
    """Decode the received messages of a picture, in any order.

    Messages that are not valid are ignored. Layers after a lost or damaged layer are not used, and
    aecodec warns about them. A preview has 256 pixels on its longer side. `codec` and `checksum`
    are as for :func:`encode`.

    Raises FormatError if the first message is missing or damaged, or there are several, LimitError
    if it claims more pixels than is usual for its size, and UsageError if the codec has bands,
    there are layers and it has no gains, or the messages are a single one.
    """
    if isinstance(messages, str | bytes | bytearray | memoryview):
        raise UsageError("give a list of messages; a list may contain a single message")
    codec = codec or load_codec("photo")
    received = dict.fromkeys(map(bytes, messages))  # without repetitions
    layers = [message for message in received if message[:1] in _LAYERS]
    _check_codec(codec, has_layers=bool(layers))
    pictures = [message for message in received if message not in layers]
    first = _first_message(codec, pictures, bool(layers), checksum)
    if first[:1] == bytes([_PREVIEW]):
        if layers:
            warn("layers are not used: the first message is a preview, which has none")
        return _preview_image(first[1:])
    data = from_bare(first, codec.spec.codec_id)
    header, _ = codec.decoder.unpack(data)
    if header.frames > 1:
        raise FormatError(f"damaged: the first message contains {header.frames} pictures, not one")
    if not layers:
        return codec.decompress(data)
    known = _refined(_Known.of_file(codec, data), first, layers, checksum)
    return to_pil(codec.decoder.reconstruct_picture(header, known.latents))[0]


def _check_codec(codec: Codec, has_layers: bool) -> None:
    if codec.spec.bands or (has_layers and not codec.spec.has_gains):
        kind = "messages" if codec.spec.bands else "layers, only single messages"
        raise UsageError(f"codec {codec.spec.name} has no {kind}: use codec photo")


def _is_intact(codec: Codec, message: bytes, first: bytes = b"") -> bool:
    """Whether a message ends with its checksum."""
    return message[-1:] == checksum_of(codec.spec.codec_id, first + message[:-1])


def _first_message(
    codec: Codec, pictures: Collection[bytes], has_layers: bool, checksum: bool
) -> bytes:
    """Find the only valid message with a picture, and return it without its checksum."""
    if has_layers and not pictures:
        raise FormatError("the first message of the picture is missing: only layers were received")
    valid, errors = list[bytes](), list[FormatError]()
    for message in pictures:
        try:
            valid.append(_checked(codec, message, checksum))
        except FormatError as error:
            errors.append(error)
    if errors and not valid:
        raise errors[0]
    if len(valid) != 1:
        raise FormatError(
            f"{len(valid)} messages contain a picture; give the messages of one picture"
        )
    return valid[0]


def _checked(codec: Codec, message: bytes, checksum: bool) -> bytes:
    """Return a first message without its checksum; raises FormatError if it is damaged."""
    if checksum and not _is_intact(codec, message):
        raise FormatError("damaged: the checksum of the first message is wrong, or it has none")
    content = message[:-1] if checksum else message
    if content[:1] != bytes([_PREVIEW]):
        from_bare(content, codec.spec.codec_id)
    return content


def _refined(known: _Known, first: bytes, layers: list[bytes], checksum: bool) -> _Known:
    """Add the layers before the first lost or damaged layer."""
    for number in range(1, max(layers)[0] - _LAYER + 1):
        candidates = [layer for layer in layers if layer[0] == _LAYER + number]
        try:
            known = _with_layer(known, first, candidates, checksum)
        except FormatError as error:
            warn(f"message {number + 1} and later messages are not used: {error}")
            break
    return known


def _with_layer(known: _Known, first: bytes, candidates: list[bytes], checksum: bool) -> _Known:
    """Add the first undamaged layer; raises FormatError if there is none."""
    error = FormatError("the message was not received")
    for layer in candidates:
        if checksum and not _is_intact(known.codec, layer, first):
            error = FormatError("damaged: its checksum is wrong, or it has none")
            continue
        try:
            return known.decode(layer[1:-1] if checksum else layer[1:])
        except FormatError as damage:
            error = damage
    raise error


def _preview_image(payload: bytes) -> Image.Image:
    image = preview.decode(payload)
    scale = _PREVIEW_SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return preview.decode(payload, size=(width, height))
