"""A codec: pictures to `.aec` bytes and back.

An :class:`EncoderCodec` needs only the encoder's half of a codec folder, a :class:`DecoderCodec`
only the decoder's; a :class:`Codec` is the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from PIL import Image

from aecodec import images
from aecodec.decoder import DecoderCodec
from aecodec.encoder import EncoderCodec, ImageLike
from aecodec.images import Picture, Pixels
from aecodec.spec import CodecFolder, CodecSpec


@dataclass(frozen=True, eq=False)
class Codec:
    """A codec: its two halves.

    Args:
        folder: the codec on disk.

    >>> import numpy as np
    >>> from aecodec import load_codec
    >>> codec = load_codec("digits")
    >>> digit = np.zeros((28, 28), np.uint8)
    >>> codec.decompress(codec.compress(digit)).size
    (28, 28)
    """

    folder: CodecFolder

    @property
    def spec(self) -> CodecSpec:
        """What the codec is."""
        return self.folder.spec

    @cached_property
    def encoder(self) -> EncoderCodec:
        """The half that compresses."""
        return EncoderCodec(self.folder)

    @cached_property
    def decoder(self) -> DecoderCodec:
        """The half that decompresses."""
        return DecoderCodec(self.folder)

    def compress(
        self, image: ImageLike | Picture, level: float | None = None, metadata: bool | None = None
    ) -> bytes:
        """As :meth:`EncoderCodec.compress`."""
        return self.encoder.compress(image, level, metadata)

    def decompress(self, data: bytes) -> Image.Image | Pixels:
        """The bytes of an `.aec` file to a Pillow image, or to an array if it holds several.

        Returns:
            An image; or (N, H, W) or (N, H, W, C) uint8 for a file of N > 1 frames.

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it.
        """
        picture = self.decoder.decompress(data)
        return images.to_pil(picture)[0] if picture.frames == 1 else images.to_arrays(picture)
