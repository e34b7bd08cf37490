"""aecodec turns a trained autoencoder into an image codec.

>>> import aecodec
>>> from PIL import Image
>>> data = aecodec.compress(Image.new("L", (28, 28)))
>>> aecodec.decompress(data).size
(28, 28)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt
from PIL import Image

from aecodec.base.arrays import Pixels
from aecodec.base.errors import (
    AecodecError,
    AecodecWarning,
    CodecError,
    FormatError,
    ImageError,
    InputError,
    LimitError,
    ModelError,
    UsageError,
)
from aecodec.base.version import version
from aecodec.codec.codec import Codec
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.encoder_codec import EncoderCodec
from aecodec.codec.registry import codec_for, codec_named, codec_of_file, load_codec
from aecodec.codec.sources import DataSource, ImageSource, to_bytes, to_picture
from aecodec.codec.target import Target, TargetOptions, bound_to_keep
from aecodec.codec_files.levels import Level
from aecodec.format.container import Header
from aecodec.format.limits import LimitOptions
from aecodec.image_files.options import ReadOptions
from aecodec.imaging.picture import Picture
from aecodec.native import headers

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from aecodec.codec.array_file import ArrayFile
    from aecodec.codec.frames import Frames

__all__ = [
    "AecodecError",
    "AecodecWarning",
    "Codec",
    "CodecError",
    "DecoderCodec",
    "EncoderCodec",
    "FormatError",
    "Header",
    "ImageError",
    "InputError",
    "Level",
    "LimitError",
    "ModelError",
    "Picture",
    "Target",
    "UsageError",
    "__version__",
    "compress",
    "decompress",
    "decompress_array",
    "decompress_frames",
    "frames",
    "load_codec",
    "open",
    "read_header",
    "trim",
]

__version__: str


def compress(
    image: ImageSource,
    codec: Codec | str | Path | None = None,
    *,
    metadata: bool | None = None,
    band_axis: int | None = None,
    nodata: float | None = None,
    **options: Unpack[TargetOptions],
) -> bytes:
    """Compress an image, or a batch of images with the same size.

    Args:
        image: a Pillow image; a uint8 array (H, W), (H, W, C), (N, H, W) or (N, H, W, C), or an
            object that converts to one; a :class:`Picture`; or an image file, as a path or opened
            in binary mode. With `max_error` and no codec, arrays and files may also have other
            types and numbers of bands.
        codec: a codec, the name of a built-in codec, or the path of a codec file. None or "auto"
            selects `samples` if `max_error` is set without a level; otherwise `digits` for grey
            images with 28x28 pixels, and `photo` for all other images.
        level: 1 (smallest file) or higher; None: the codec's default. Set at most one of `level`,
            `max_bytes`, `min_psnr`, `min_ssimulacra2` and `max_error`, or `level` and `max_error`.
        max_bytes: make the best file with at most this many bytes. With this and the next two
            arguments, codecs for pictures of any size may shrink the picture before coding;
            decoding restores the size.
        min_psnr: make the smallest file with at least this PSNR in dB. If no level reaches it, the
            file has a maximum error.
        min_ssimulacra2: as `min_psnr`, for a SSIMULACRA2 score. Needs `pip install
            'aecodec[perceptual]'`, and takes a few seconds for a photograph.
        max_error: make the smallest file in which no sample differs from its original by more than
            this value, in units of the samples; 0 is lossless. "0.5%" is a percentage of the range
            of the picture's known samples. "0.5sqrt" is 0.5 times the square root of each original
            sample, for 8-bit and 16-bit integers. A mapping such as {"B02": 4, "B03": "0.5%"} sets
            an error for each band, by the codec's band names or, without names, by channel numbers
            from "1"; percentages then refer to the range of the band. Errors of integers are
            rounded down. A sequence such as (16, 4, 0), largest first, makes nested refinements,
            which :func:`trim` can remove. If you pass a codec but no `level`, the file has level 1
            as its base or, if that is smaller, only refinements.
        metadata: keep ICC profile, EXIF, XMP and origin. If None, aecodec keeps them for pictures
            with more than one tile, unless `max_bytes` is set. With `max_error`, aecodec also keeps
            them if the colours would change without the profile. If aecodec drops the profile, it
            converts colours to sRGB.
        band_axis: for a codec with bands, the axis of the bands in an array: 0 for (B, H, W), 1 for
            (N, B, H, W); by default, the last axis. Codecs with bands accept arrays of integers and
            floats, (H, W), (H, W, B) or (N, H, W, B), and masked arrays. By default, `samples` uses
            the first or the last axis if it is shorter than all other axes. Otherwise, the array is
            (N, H, W).
        nodata: for a codec with bands and for `samples`, the value of missing samples in an array.
            NaN samples are always missing.

    Returns:
        The bytes of an `.aec` file.

    Raises:
        ImageError: the image cannot be read or is not supported. The message says what to do.
        CodecError: the codec does not exist or is damaged.
        UsageError: the options contradict each other, or no level of the codec satisfies them.
        AecodecError: `min_ssimulacra2` needs a package that is not installed; or the check of the
            finished file finds an error above `max_error`.

    >>> import numpy as np
    >>> len(compress(np.zeros((3, 28, 28), np.uint8), level=1)) < 100
    True
    """
    target = Target(**options)
    opened = codec if isinstance(codec, Codec) else codec_named(codec, target)
    if opened is None:
        image = to_picture(image, ReadOptions(band_axis=band_axis, nodata=nodata))
        opened = codec_for(image)
    return opened.compress(image, target, metadata=metadata, band_axis=band_axis, nodata=nodata)


def decompress(
    data: DataSource,
    codec: Codec | str | Path | None = None,
    *,
    max_pixels: int | None = None,
    max_frames: int | None = None,
    base_only: bool = False,
) -> Image.Image:
    """Decompress an `.aec` file with one picture.

    Args:
        data: the bytes of the file, its path, or the file opened in binary mode.
        codec: the codec that made the file. None finds built-in codecs by the id in the file.
        max_pixels: limit for the pixels of all pictures in the file. If None, 178,956,970; for a
            small file, which may be a decompression bomb, 32,768 per byte, but at least 2,097,152.
            For a picture that `max_bytes` shrank, only an eighth of the full-size pixels count.
        max_frames: limit for the number of pictures. If None, one per 8 bytes, but at least 1000.
        base_only: decode only the base picture, without refinements, which is faster.

    Returns:
        A Pillow image with ICC profile, EXIF and XMP in its `info`, from which `save` writes them.

    Raises:
        FormatError: the file cannot be read or is damaged.
        CodecError: the codec did not make the file, or is not installed.
        LimitError: the header claims more pixels or pictures than the limits allow. aecodec checks
            this before it allocates memory.
        UsageError: the file has several pictures (use :func:`decompress_frames`) or bands (use
            :func:`decompress_array`); or `base_only` is set, and the file has only refinements.
        AecodecError: memory runs out.

    >>> import numpy as np
    >>> decompress(compress(np.zeros((28, 28), np.uint8)), max_pixels=1000).size
    (28, 28)
    """
    content = to_bytes(data)
    limits = {"max_pixels": max_pixels, "max_frames": max_frames}
    return _codec_of(content, codec).decompress(content, **limits, base_only=base_only)


def decompress_frames(
    data: DataSource, codec: Codec | str | Path | None = None, **limits: Unpack[LimitOptions]
) -> Pixels:
    """Decompress an `.aec` file with any number of pictures. For arguments, see :func:`decompress`.

    Returns:
        uint8 (N, H, W) for grey pictures, else (N, H, W, C), with alpha as the last channel. For
        files with bands, (N, H, W, B) in the type of the samples; see :func:`decompress_array`.

    >>> import numpy as np
    >>> decompress_frames(compress(np.zeros((1, 28, 28), np.uint8))).shape
    (1, 28, 28)
    """
    content = to_bytes(data)
    return _codec_of(content, codec).decompress_frames(content, **limits)


def decompress_array(
    data: DataSource, codec: Codec | str | Path | None = None, **limits: Unpack[LimitOptions]
) -> npt.NDArray[Any]:
    """Decompress an `.aec` file to an array.

    The array has the axes, the type and the byte order of the original. Arguments and errors are as
    for :func:`decompress`. For `max_pixels`, a pixel with n bytes counts as n/3 pixels, rounded up.

    Returns:
        The array. Missing samples are equal to nodata, or NaN in floats. If integers have missing
        samples but no nodata value, the array is a masked array. If a file without bands contains a
        single picture, the array has no axis of pictures.

    >>> import numpy as np
    >>> decompress_array(compress(np.zeros((28, 28), np.uint8))).shape
    (28, 28)
    """
    content = to_bytes(data)
    return _codec_of(content, codec).decompress_array(content, **limits)


def frames(
    path: str | Path,
    codec: Codec | str | Path | None = None,
    *,
    max_pixels: int | None = None,
    max_frames: int | None = None,
) -> Frames:
    """Open the pictures of a file as a sequence of arrays, for data loaders.

    The sequence caches decoded codes. In files with large pictures, it decodes only the frames that
    you request.

    Args:
        path: an `.aec` file.
        codec: as for :func:`decompress`.
        max_pixels: as for :func:`decompress`.
        max_frames: as for :func:`decompress`.

    Returns:
        A sequence with `len`, iteration and indices like `[3]`, `[-1]`, `[10:20]` and
        `[[5, 1, 3]]`. Frames are uint8 (H, W) if they are grey, else (H, W, C). The sequence can be
        pickled.

    Raises:
        InputError: the file does not exist.
        FormatError: the file is damaged.
        CodecError: the codec did not make the file, or does not exist.
        LimitError: the file claims more pixels or pictures than the limits allow.
        UsageError: a limit is below 1.

    >>> import tempfile
    >>> import numpy as np
    >>> stack = Path(tempfile.mkdtemp(), "digits.aec")
    >>> _ = stack.write_bytes(compress(np.zeros((3, 28, 28), np.uint8)))
    >>> pictures = frames(stack)
    >>> len(pictures), pictures[-1].shape, pictures[:2].shape
    (3, (28, 28), (2, 28, 28))
    """
    from aecodec.codec.frames import Frames
    from aecodec.format.limits import Limits

    loaded = load_codec(codec) if isinstance(codec, str | Path) else codec
    return Frames(Path(path), loaded, Limits(max_pixels, max_frames))


def open(data: DataSource, codec: Codec | str | Path | None = None) -> ArrayFile:
    """Open an `.aec` file as an array. An index reads and decodes only the parts that it needs.

    In files of the codec `samples` with one maximum error, these parts are segments of up to
    256x256 pixels with all bands, and an index may select any number of pixels. aecodec reads and
    decodes files with a base or several refinements as a whole.

    Args:
        data: the path of the file, its URL, or its bytes. From a URL, aecodec requests only ranges,
            but a server that ignores ranges sends the whole file. URLs need `pip install
            'aecodec[cloud]'`.
        codec: as for :func:`decompress`.

    Returns:
        An object with `shape`, `dtype`, `ndim` and `len` that supports NumPy's basic indices, such
        as `[0, 100:200, ::-2]`, and converts to the array of :func:`decompress_array`. As a context
        manager, it closes the file.

    Raises:
        InputError: the file does not exist or cannot be read.
        FormatError: the file is damaged.
        CodecError: the codec did not make the file, or is not installed.
        LimitError: a file that aecodec decodes as a whole exceeds the limits of :func:`decompress`.

    >>> import numpy as np
    >>> with open(compress(np.zeros((6, 300, 500), np.int16), max_error=1)) as array:
    ...     array.shape, array.dtype, array[0, -20:, ::5].shape
    ((6, 300, 500), dtype('int16'), (20, 100))
    """
    from aecodec.codec.array_file import ArrayFile

    return ArrayFile(data, load_codec(codec) if isinstance(codec, str | Path) else codec)


def trim(data: DataSource, max_error: float | str | None = None) -> bytes:
    """Remove refinements from an `.aec` file, without decoding it.

    Args:
        data: the bytes of the file, its path, or the file opened in binary mode.
        max_error: maximum error of the new file, in units of the samples, or a string such as
            "0.5sqrt" for a multiple of their square root. aecodec keeps the refinements needed for
            this error. None removes all refinements and keeps only the base.

    Returns:
        The bytes of the new file.

    Raises:
        FormatError: the data is not a complete `.aec` file.
        UsageError: the file does not guarantee such a small maximum error; or `max_error` is a
            percentage; or `max_error` is None, and the file has no base.

    >>> import numpy as np
    >>> digit = np.zeros((28, 28), np.uint8)
    >>> trim(compress(digit, level=1, max_error=0)) == compress(digit, level=1)
    True
    """
    bound = None if max_error is None else bound_to_keep(max_error)
    return headers.trimmed(to_bytes(data), bound)


def read_header(data: DataSource) -> Header:
    """Read and check the header of an `.aec` file (see :func:`decompress`), without its codec.

    Raises:
        FormatError: the file cannot be read, or is not a complete `.aec` file.

    >>> import numpy as np
    >>> read_header(compress(np.zeros((3, 28, 28), np.uint8))).frames
    3
    """
    return headers.read_header(to_bytes(data))


def _codec_of(content: bytes, codec: Codec | str | Path | None) -> Codec:
    if codec is None:
        return codec_of_file(content)
    return codec if isinstance(codec, Codec) else load_codec(codec)


def __getattr__(name: str) -> str:
    """Look up `__version__` only when needed, because the lookup takes 20 ms."""
    if name != "__version__":
        raise AttributeError(f"module 'aecodec' has no attribute {name!r}")
    return version()


def __dir__() -> list[str]:
    """List only the public names."""
    return __all__
