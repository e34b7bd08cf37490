"""A codec: pictures to `.aec` files and back.

An :class:`EncoderCodec` needs only the encoder of a codec file, and a :class:`DecoderCodec` only
the decoder. A :class:`Codec` is both.
"""

from __future__ import annotations

import io
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from PIL import Image

from aecodec.base.errors import UsageError
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.encoder_codec import EncoderCodec
from aecodec.codec.sources import DataSource, ImageSource, to_bytes
from aecodec.codec.target import Compressed, Target, TargetOptions, target_of
from aecodec.format.kept_tags import alpha_bands
from aecodec.imaging.picture import Picture
from aecodec.native.headers import from_bare, read_header, to_bare

if TYPE_CHECKING:
    from typing_extensions import Unpack

_MOST_DRAWN = 10


class Codec(DecoderCodec):
    """A decoder that also has an encoder. A pickle contains the path and the identity of its file.

    >>> import numpy as np
    >>> from aecodec import load_codec
    >>> codec = load_codec("digits")
    >>> codec.decompress(codec.compress(np.zeros((28, 28), np.uint8))).size
    (28, 28)
    >>> codec
    Codec('digits', id f206e96f, levels 1 to 3)
    """

    def __repr__(self) -> str:
        spec = self.spec
        levels = f"levels 1 to {len(spec.levels)}" if spec.levels else "without levels"
        return f"Codec({spec.name!r}, id {spec.codec_id.hex()}, {levels})"

    @cached_property
    def encoder(self) -> EncoderCodec:
        """The half that compresses."""
        return EncoderCodec(self.folder, self.workers)

    @property
    def decoder(self) -> DecoderCodec:
        """The half that decompresses: the codec itself."""
        return self

    def compress(
        self,
        image: ImageSource,
        target: Target | None = None,
        *,
        metadata: bool | None = None,
        band_axis: int | None = None,
        nodata: float | None = None,
        **options: Unpack[TargetOptions],
    ) -> bytes:
        """Compress an image, or images with the same size, to the bytes of an `.aec` file.

        Pass a `target`, or its attributes as options, such as `level=1`. Arguments and errors
        are as for :func:`aecodec.compress`.
        """
        target = target_of(target, options).for_codec(self.spec)
        picture = self.encoder.picture_of(image, band_axis, nodata)
        return self.compress_picture(picture, target, metadata=metadata).data

    def compress_picture(
        self,
        image: ImageSource,
        target: Target | None = None,
        *,
        metadata: bool | None = None,
        **options: Unpack[TargetOptions],
    ) -> Compressed:
        """Compress as :meth:`compress`; return the file with its level and its maximum error."""
        spec = self.spec
        target = target_of(target, options).for_codec(spec)
        picture = self.encoder.picture_of(image)
        _check_alpha(picture, target)
        if target.is_level:
            data = self.encoder.file(self.encoder.original(picture, metadata), target.level)
            return Compressed(data, spec.level_index(target.level))
        if target.max_error is not None:
            from aecodec.codec import refinement  # other targets do not need it

            return refinement.within_error(self.encoder, picture, target, metadata)
        from aecodec.codec import rate_control  # a level does not need it

        return rate_control.reach(self.encoder, picture, target, metadata)

    def plot(self, image: ImageSource, *, level: float | None = None) -> Image.Image:
        """Draw original, reconstruction and difference side by side, with one row per picture.

        Args:
            image: a picture, or several pictures of the same size; only the first 10 are drawn.
            level: quality level; by default, the codec's default level.

        Returns:
            An RGB Pillow image, which notebooks display. The text below each row shows the size
            of its file and the PSNR.

        Raises:
            ImageError: as for :meth:`compress`.
            UsageError: the codec has no such level.

        >>> import numpy as np
        >>> from aecodec import load_codec
        >>> load_codec("digits").plot(np.zeros((2, 28, 28), np.uint8)).size
        (804, 640)
        """
        from aecodec.codec.figure import compare_frames
        from aecodec.datasets.pictures import frames_of
        from aecodec.imaging.plots import comparison_figure

        frames = islice(frames_of(self.encoder.picture_of(image)), _MOST_DRAWN)
        files = ((frame, self.compress(frame, level=level)) for frame in frames)
        rows = [compare_frames(self, frame, file) for frame, file in files]
        return Image.open(io.BytesIO(comparison_figure(rows)))

    def to_bare(self, data: DataSource, *, checksum: bool = False) -> bytes:
        """Return the bare payload of a file of this codec, which is 11 bytes smaller.

        The payload lacks the signature, the id of the codec and the CRC-32, which :meth:`from_bare`
        adds. With `checksum`, it ends with a byte that detects most damage. Raises FormatError if
        the file is damaged, CodecError if a different codec made it, and UsageError if it has
        refinements.

        >>> import numpy as np
        >>> from aecodec import load_codec
        >>> codec = load_codec("digits")
        >>> file = codec.compress(np.zeros((28, 28), np.uint8), max_bytes=41)
        >>> codec.from_bare(codec.to_bare(file)) == file
        True
        """
        content = to_bytes(data)
        self.spec.check_id(read_header(content).codec_id)
        return to_bare(self.folder.native, content, checksum)

    def from_bare(self, payload: DataSource, *, checksum: bool = False) -> bytes:
        """Convert a bare payload of this codec back to a file.

        `checksum` says whether the payload ends with a checksum. Without a checksum, damaged bytes
        may decompress to a wrong picture. Raises FormatError if the checksum or the header is
        wrong.
        """
        return from_bare(self.folder.native, to_bytes(payload), checksum)


def _check_alpha(picture: Picture, target: Target) -> None:
    """Raise UsageError if a band is alpha, which only files with a maximum error keep exactly."""
    if target.max_error is None and alpha_bands(picture.metadata, picture.pixels.shape[-1]):
        raise UsageError(
            "a band of the picture is alpha, which no level keeps exactly: add a maximum error "
            "(--max-error E; in Python, max_error)"
        )
