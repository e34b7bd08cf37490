"""A plugin for Pillow: `Image.open` and `save` of `.aec` files. Importing it registers it.

>>> import io
>>> import aecodec.pillow
>>> from PIL import Image
>>> file = io.BytesIO()
>>> Image.new("L", (28, 28)).save(file, format="AEC", level=1)
>>> Image.open(file).size
(28, 28)
"""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from threading import Lock
from typing import IO, Any

from PIL import Image, ImageFile

import aecodec
from aecodec.arrays import Pixels
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_with_id, load_codec, remember
from aecodec.codec.sources import with_origin
from aecodec.errors import AecodecError, CodecError, FormatError, ImageError, UsageError
from aecodec.format.container import LAST_VERSION, MAGIC, Header, MetadataKind
from aecodec.format.limits import UNLIMITED
from aecodec.format.stack_names import unpack_names
from aecodec.image_files.formats import AEC
from aecodec.image_files.metadata import INFO_KEYS
from aecodec.image_files.reading import from_frames, iter_frames
from aecodec.imaging.picture import to_array
from aecodec.native.headers import read_header
from aecodec.native.limits import MOST_TILES, claim_of
from aecodec.native.structures import Claim


class PillowFormatError(FormatError, OSError):
    """A damaged `.aec` file; Pillow raises OSError for damaged files."""


class PillowCodecError(CodecError, OSError):
    """An `.aec` file with an unknown codec; Pillow raises OSError if it has no decoder."""


class PillowImageError(ImageError, OSError):
    """An image that `.aec` files do not support; Pillow raises OSError for unsupported modes."""


class PillowUsageError(UsageError, ValueError):
    """Invalid options of `save`; Pillow raises ValueError for them."""


_OF_PILLOW: dict[type[AecodecError], type[AecodecError]] = {
    FormatError: PillowFormatError,
    CodecError: PillowCodecError,
    ImageError: PillowImageError,
    UsageError: PillowUsageError,
}


@contextmanager
def errors_as_pillows() -> Iterator[None]:
    """Convert errors of the block to the errors that Pillow's users expect.

    >>> with errors_as_pillows():
    ...     raise FormatError("damaged")
    Traceback (most recent call last):
    aecodec.pillow.PillowFormatError: damaged
    """
    try:
        yield
    except AecodecError as error:
        if type(error) not in _OF_PILLOW:
            raise
        raise _OF_PILLOW[type(error)](str(error)) from error


def accepts(prefix: bytes) -> bool | str:
    """Whether a file that begins with these bytes can be read; a text is the reason for rejection.

    >>> accepts(bytes.fromhex("ae 43 01")), accepts(b"GIF89a")
    (True, False)
    >>> accepts(bytes.fromhex("ae 43 04"))
    'the file has format version 4, but this aecodec reads versions 1 to 3: upgrade aecodec'
    """
    if not prefix.startswith(MAGIC) or len(prefix) <= len(MAGIC):
        return False
    version = prefix[len(MAGIC)]
    return 1 <= version <= LAST_VERSION or (
        f"the file has format version {version}, but this aecodec reads versions 1 to "
        f"{LAST_VERSION}: upgrade aecodec"
    )


class AecImageFile(ImageFile.ImageFile):
    """An `.aec` file, as returned by `Image.open`.

    Size, mode, `n_frames` and `info` come from the header. `info` has `icc_profile`, `exif`, `xmp`
    and, for a stack, the `names` of its pictures. Loading a picture decodes all pictures of the
    file, but only once. Opening a damaged file raises a FormatError. Loading and `verify` raise a
    CodecError if the codec is not known. Both errors are OSErrors as well.

    Copies, including pickled copies, contain only the current picture.
    """

    format = AEC
    format_description = "aecodec image"
    n_frames = 1
    is_animated = False

    _content = b""
    """Bytes of the file, until they are decoded."""

    _decoded: Pixels | None = None
    """(N, H, W) or (N, H, W, C): decoded pictures of a stack."""

    _shown = 0
    _loaded: int | None = 0
    """Number of the picture whose pixels are loaded; None if there is none."""

    def _open(self) -> None:
        assert self.fp is not None
        self._content, self._loaded, self._lock = self.fp.read(), None, Lock()
        if accepts(self._content[: len(MAGIC) + 1]) is not True:
            raise SyntaxError("not an .aec file")
        with errors_as_pillows():
            header = read_header(self._content)
            if header.samples:
                raise FormatError("the file has bands, which aecodec.decompress_array decodes")
            claim = _claim_of(header, self._content)
        _check_claim(claim, len(self._content))
        self._size, self._mode = (claim.width, claim.height), header.picture_mode.name
        self.n_frames, self.is_animated = claim.frames, claim.frames > 1
        self.info, self.tile = _info_of(header), []  # Pillow decodes no part of the file

    def tell(self) -> int:
        """Return the number of the current picture, from 0."""
        return self._shown

    def seek(self, frame: int) -> None:
        """Select a picture of a stack; raise EOFError if there is no picture with this number."""
        if not 0 <= frame < self.n_frames:
            raise EOFError(
                f"picture {frame} does not exist: the file has {self.n_frames} pictures, from 0"
            )
        self._shown = frame

    def load(self) -> Any:
        """Decode the pictures of the file, and load the current one.

        Raises FormatError if the codes are damaged, CodecError if the codec is not known or
        damaged, and AecodecError if memory runs out.
        """
        if self._loaded != self._shown:
            with self._lock:
                self._load_shown()
        return super().load()

    def verify(self) -> None:
        """Check the whole file without running networks, if it is not loaded yet.

        Raises FormatError if the codes are damaged, and CodecError if the codec is not known or
        damaged.
        """
        if self._content:
            with errors_as_pillows():
                codec = codec_with_id(read_header(self._content).codec_id)
                codec.decoder.check(self._content, UNLIMITED)
        super().verify()

    def close(self) -> None:
        """Close the file, and release its content."""
        super().close()
        self._content, self._decoded, self._loaded = b"", None, self._shown

    def _load_shown(self) -> None:
        if self._loaded == self._shown:  # another thread was faster
            return
        picture = self._pictures()[self._shown]
        self.im = Image.frombytes(self.mode, self.size, picture.tobytes()).im
        self._loaded, self.readonly = self._shown, 0
        if self.fp is not None and self._exclusive_fp:
            self.fp.close()
        self.fp = None

    def _pictures(self) -> Pixels:
        if self._decoded is not None:
            return self._decoded
        if not self._content:
            raise ValueError("Operation on closed image")
        with errors_as_pillows():
            codec = codec_with_id(read_header(self._content).codec_id)
            pictures = to_array(codec.decoder.decompress_picture(self._content, UNLIMITED))
        self._decoded, self._content = pictures if self.is_animated else None, b""
        return pictures


def _claim_of(header: Header, data: bytes) -> Claim:
    """The claim of a file; if its codec is not known, only as far as the header states it."""
    try:
        return claim_of(codec_with_id(header.codec_id).folder.native, data)
    except CodecError:
        if header.size is None:
            raise
    (width, height), frames = header.size, header.frames
    return Claim(width=width, height=height, frames=frames, pixels=width * height * frames)


def _info_of(header: Header) -> dict[str | tuple[int, int], Any]:
    info: dict[str | tuple[int, int], Any] = {
        INFO_KEYS[kind]: value for kind, value in header.metadata.items() if kind in INFO_KEYS
    }
    if names := unpack_names(header.metadata.get(MetadataKind.NAMES, b"")):
        info["names"] = names
    return info


def _check_claim(claim: Claim, file_size: int) -> None:
    """Apply Pillow's limit for decompression bombs, which it checks for a single picture.

    Here all pictures count, because they are decoded at once, and so do the pixels that the
    networks compute. No other limits apply.

    A :class:`PIL.Image.DecompressionBombWarning` warns of more pixels than
    `Image.MAX_IMAGE_PIXELS`, or than :func:`aecodec.decompress` accepts in a file of this size.
    """
    limit, pixels = Image.MAX_IMAGE_PIXELS, claim.width * claim.height
    if limit is None or pixels > 2 * limit:
        return
    if claim.pixels > 2 * limit or claim.work > MOST_TILES * 2 * limit:
        raise Image.DecompressionBombError(_bomb_text(claim, file_size, 2 * limit))
    if pixels <= limit and (claim.work > claim.max_work or claim.pixels > limit):
        text = _bomb_text(claim, file_size, limit)
        warnings.warn(text, Image.DecompressionBombWarning, stacklevel=4)


def _bomb_text(claim: Claim, file_size: int, limit: int) -> str:
    frames = f"{claim.frames} pictures of " if claim.frames > 1 else ""
    return (
        f"{frames}{claim.width}x{claim.height} pixels in a file of {file_size} bytes, which may be "
        "a decompression bomb; Image.MAX_IMAGE_PIXELS sets the limit, currently "
        f"{limit} pixels"
    )


_OPTIONS = ("codec", "metadata", *(field.name for field in fields(aecodec.Target)))
"""Options of :func:`aecodec.compress`."""


def save(image: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    """Save the current picture of a loaded image; the name of the file is ignored.

    The image's `encoderinfo`, where Pillow stores the arguments of `save`, may have the options of
    :func:`aecodec.compress`, and `lossless` as for WebP files. Metadata is that of the image's
    `info`: its `exif`, `icc_profile` and `xmp`.

    Raises ImageError (also an OSError) if the image is not supported, UsageError (also a
    ValueError) if options contradict each other or no level of the codec satisfies them, and
    CodecError (also an OSError) if the codec does not exist or is damaged.
    """
    _save(image, [image], file)


def save_all(image: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    """Save all pictures of an image, and of the images in `append_images`, as one file.

    All pictures must have the same size, else an ImageError is raised. If any picture is RGB or has
    alpha, all pictures become RGB or get an alpha plane. The metadata of the first picture is kept.
    Arguments and other errors are as for :func:`save`.
    """
    images = [image, *image.encoderinfo.get("append_images", ())]
    _save(image, iter_frames(images), file)


def _save(image: Image.Image, frames: Iterable[Image.Image], file: IO[bytes]) -> None:
    options = image.encoderinfo
    chosen = {name: options[name] for name in _OPTIONS if name in options}
    if options.get("lossless"):
        chosen.setdefault("max_error", 0)
    with errors_as_pillows():
        if names := [name for name in INFO_KEYS.values() if name in options]:
            raise UsageError(f"{names[0]} is not an option: set it in the info of the image")
        picture = from_frames(frames)
        picture = with_origin(picture, getattr(image, "filename", ""))
        file.write(aecodec.compress(picture, **chosen))


__all__ = ["register_aec_opener"]


def register_aec_opener(*codecs: Codec | str | Path) -> None:
    """Register the plugin again, and add codecs whose files it can open.

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
    Image.register_open(AecImageFile.format, AecImageFile, accepts)
    Image.register_save(AecImageFile.format, save)
    Image.register_save_all(AecImageFile.format, save_all)
    Image.register_extension(AecImageFile.format, ".aec")
    Image.register_mime(AecImageFile.format, "image/x-aec")


register_aec_opener()
