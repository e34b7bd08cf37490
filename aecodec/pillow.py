"""A plugin with which Pillow opens and saves `.aec` files. Import the module to register it.

>>> import io
>>> import aecodec.pillow
>>> from PIL import Image
>>> file = io.BytesIO()
>>> Image.new("L", (28, 28)).save(file, format="AEC", level=1)
>>> Image.open(file).size
(28, 28)
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from PIL import Image, ImageFile

from aecodec.base.arrays import Pixels
from aecodec.base.errors import AecodecError, FormatError, UsageError
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_for, codec_named, codec_with_id, load_codec, remember
from aecodec.codec.sources import with_origin
from aecodec.codec.target import Target
from aecodec.format.container import MAGIC
from aecodec.format.limits import UNLIMITED, Limits
from aecodec.image_files.formats import AEC
from aecodec.image_files.metadata import INFO_KEYS
from aecodec.image_files.reading import from_frames, iter_frames
from aecodec.imaging.picture import to_array
from aecodec.native.headers import read_header


class PillowError(AecodecError, OSError):
    """A file that cannot be opened or saved; Pillow's users expect OSError."""


@contextmanager
def _errors_as_pillows() -> Iterator[None]:
    try:
        yield
    except AecodecError as error:
        raise PillowError(str(error)) from error


class AecImageFile(ImageFile.ImageFile):
    """An `.aec` file, as returned by `Image.open`.

    Size, mode, `n_frames` and `info`, with `icc_profile`, `exif` and `xmp`, come from the header.
    The first use of a pixel decodes all pictures of the file. Damaged files, unknown codecs, and
    more pixels than :func:`aecodec.decompress` accepts raise a PillowError. Copies, including
    pickled copies, contain only the current picture.
    """

    format = AEC
    format_description = "aecodec image"
    n_frames = 1
    is_animated = False

    _shown = 0
    _loaded: int | None = 0
    """Number of the picture whose pixels are loaded, or None."""

    def _open(self) -> None:
        assert self.fp is not None
        self._content, self._loaded = self.fp.read(), None
        with _errors_as_pillows():
            header = read_header(self._content)
            if header.samples:
                raise FormatError("the file has bands: decode it with aecodec.decompress_array")
            self._size = header.size or codec_with_id(header.codec_id).spec.tile[::-1]
        self._mode = header.picture_mode.name
        self.info = {INFO_KEYS[kind]: v for kind, v in header.metadata.items() if kind in INFO_KEYS}
        self.n_frames, self.is_animated = header.frames, header.frames > 1
        self.tile = []  # Pillow decodes no part of the file

    def tell(self) -> int:
        """Return the number of the current picture, from 0."""
        return self._shown

    def seek(self, frame: int) -> None:
        """Select a picture of a stack; raise EOFError if there is no picture with this number."""
        if not 0 <= frame < self.n_frames:
            raise EOFError(f"there is no picture {frame}: use 0 to {self.n_frames - 1}")
        self._shown = frame

    def load(self) -> Any:
        """Load the current picture; raise PillowError if the file cannot be decoded."""
        if self._loaded != self._shown:
            picture = self._pictures[self._shown]
            self.im = Image.frombytes(self.mode, self.size, picture.tobytes()).im
            self._loaded, self.readonly = self._shown, 0
            if self.fp is not None and self._exclusive_fp:
                self.fp.close()
            self.fp = None
        return super().load()

    @cached_property
    def _pictures(self) -> Pixels:
        """(N, H, W) or (N, H, W, C): all pictures of the file."""
        with _errors_as_pillows():
            codec = codec_with_id(read_header(self._content).codec_id)
            limits = Limits() if Image.MAX_IMAGE_PIXELS else UNLIMITED
            return to_array(codec.decoder.decompress_picture(self._content, limits))


_OPTIONS_OF_TARGET = [field.name for field in fields(Target)]


def save(image: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    """Save the current picture of a loaded image; the plugin ignores the name of the file.

    `save` accepts the options of :func:`aecodec.compress`, and `lossless` as for WebP files. The
    metadata comes from the image's `info`. Raises PillowError if the image is not supported,
    options contradict each other, or the codec does not exist.
    """
    _save(image, [image], file)


def save_all(image: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    """Save all pictures of an image, and of the images in `append_images`, as one file.

    The pictures must have equal sizes. If one is RGB or has alpha, all become RGB or get an alpha
    plane. The file keeps the metadata of the first picture.
    """
    images = [image, *image.encoderinfo.get("append_images", ())]
    _save(image, iter_frames(images), file)


def _save(image: Image.Image, frames: Iterable[Image.Image], file: IO[bytes]) -> None:
    options = image.encoderinfo
    chosen = {name: options[name] for name in _OPTIONS_OF_TARGET if name in options}
    if options.get("lossless"):
        chosen.setdefault("max_error", 0)
    with _errors_as_pillows():
        if names := [name for name in INFO_KEYS.values() if name in options]:
            raise UsageError(f"{names[0]} is not an option of save: set it in the image's info")
        target, codec = Target(**chosen), options.get("codec")
        picture = with_origin(from_frames(frames), getattr(image, "filename", ""))
        if not isinstance(codec, Codec):
            codec = codec_named(codec, target) or codec_for(picture)
        file.write(codec.compress(picture, target, metadata=options.get("metadata")))


__all__ = ["register_aec_opener"]


def register_aec_opener(*codecs: Codec | str | Path) -> None:
    """Register the plugin again, so that it can open files of additional codecs.

    Args:
        codecs: codecs that are not built in, or the paths of their files.

    Raises:
        CodecError: a codec does not exist or is damaged.

    >>> register_aec_opener()
    >>> Image.registered_extensions()[".aec"]
    'AEC'
    """
    for codec in codecs:
        remember(codec if isinstance(codec, Codec) else load_codec(codec))
    Image.register_open(AEC, AecImageFile, lambda prefix: prefix.startswith(MAGIC))
    Image.register_save(AEC, save)
    Image.register_save_all(AEC, save_all)
    Image.register_extension(AEC, ".aec")
    Image.register_mime(AEC, "image/x-aec")


register_aec_opener()
