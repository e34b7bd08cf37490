"""A plugin for Pillow: `Image.open` and `save` of `.aec` files. Importing it registers it.

>>> import io
>>> import aecodec.pillow
>>> from PIL import Image
>>> file = io.BytesIO()
>>> Image.new("L", (28, 28)).save(file, format="AEC", level=1)
>>> Image.open(file).size
(28, 28)
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from aecodec.codec.codec import Codec
from aecodec.pillow.image_file import AecImageFile, accepts, add_codec
from aecodec.pillow.saving import save, save_all

__all__ = ["register_aec_opener"]


def register_aec_opener(*codecs: Codec | str | Path) -> None:
    """Register the plugin again, and add codecs whose files it can open.

    Args:
        codecs: codecs that are not built in, or the paths of their folders.

    Raises:
        CodecError: a codec does not exist or is damaged.

    >>> register_aec_opener()
    >>> Image.registered_extensions()[".aec"]
    'AEC'
    """
    for codec in codecs:
        add_codec(codec)
    Image.register_open(AecImageFile.format, AecImageFile, accepts)
    Image.register_save(AecImageFile.format, save)
    Image.register_save_all(AecImageFile.format, save_all)
    Image.register_extension(AecImageFile.format, ".aec")
    Image.register_mime(AecImageFile.format, "image/x-aec")


register_aec_opener()
