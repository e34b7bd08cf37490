"""aecodec turns a trained autoencoder into an image codec.

>>> import aecodec
>>> from PIL import Image
>>> data = aecodec.compress(Image.new("L", (28, 28)))
>>> aecodec.decompress(data).size
(28, 28)
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from aecodec.codec import Codec
from aecodec.decoder import DecoderCodec
from aecodec.encoder import EncoderCodec, ImageLike, to_picture
from aecodec.errors import (
    AecodecError,
    AecodecWarning,
    CodecError,
    FormatError,
    ImageError,
    ModelError,
    UsageError,
)
from aecodec.images import Pixels
from aecodec.registry import chooser, codec_of, load_codec

__all__ = [
    "AecodecError",
    "AecodecWarning",
    "Codec",
    "CodecError",
    "DecoderCodec",
    "EncoderCodec",
    "FormatError",
    "ImageError",
    "ModelError",
    "UsageError",
    "compress",
    "decompress",
    "load_codec",
]


def compress(
    image: ImageLike,
    codec: Codec | str | Path | None = None,
    level: float | None = None,
    metadata: bool | None = None,
) -> bytes:
    """Compress an image, or a batch of images of one size, to the bytes of an `.aec` file.

    Args:
        image: a Pillow image; or a uint8 array (H, W), (H, W, C), (N, H, W) or (N, H, W, C).
        codec: a codec, the name of one that ships, or the path of a codec folder. None or "auto"
            is `digits` for grey images of 28x28 pixels and `photo` for all others.
        level: 1 (smallest file) and up; the codec's default if None.
        metadata: keep ICC profile, EXIF and XMP; by default for more than one tile.

    Returns:
        The file's content.

    Raises:
        ImageError: an unsupported kind of image.
        CodecError: no such codec, or a damaged one.
        UsageError: the codec has no such level.

    >>> import numpy as np
    >>> decompress(compress(np.zeros((3, 28, 28), np.uint8), level=1)).shape
    (3, 28, 28)
    """
    picture = to_picture(image)
    return chooser(codec)(picture).compress(picture, level, metadata)


def decompress(data: bytes, codec: Codec | str | Path | None = None) -> Image.Image | Pixels:
    """Decompress the bytes of an `.aec` file.

    Args:
        data: the whole file.
        codec: the codec that made it; may be None for those that ship, which are found by the
            id that the file carries.

    Returns:
        A Pillow image; for a file of N > 1 frames a uint8 array (N, H, W) or (N, H, W, C).

    Raises:
        FormatError: the file is damaged.
        CodecError: the codec is not the one that made the file.
    """
    return (codec_of(data) if codec is None else _opened(codec)).decompress(data)


def __getattr__(name: str) -> str:
    """`__version__`, looked up when asked for: `importlib.metadata` takes 20 ms to import."""
    if name != "__version__":
        raise AttributeError(f"module 'aecodec' has no attribute {name!r}")
    from importlib.metadata import version

    return version("aecodec")


def _opened(codec: Codec | str | Path) -> Codec:
    return codec if isinstance(codec, Codec) else load_codec(codec)
