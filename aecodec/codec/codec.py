"""A codec: pictures to `.aec` files and back.

An :class:`EncoderCodec` needs only the encoder's files of a codec folder, a :class:`DecoderCodec`
only the decoder's; a :class:`Codec` is the two.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from PIL import Image

from aecodec.arrays import Pixels
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.encoded_picture import Compressed
from aecodec.codec.encoder_codec import EncoderCodec
from aecodec.codec.execution import Execution
from aecodec.codec.sources import DataSource, ImageSource, to_picture
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import CodecSpec
from aecodec.engine.choice import default_engine
from aecodec.errors import UsageError, memory_errors_wrapped


@dataclass(frozen=True, eq=False, repr=False)
class Codec:
    """A codec: its encoder and its decoder.

    It pickles as its two attributes, without what was loaded meanwhile.

    Args:
        folder: the codec on disk.
        execution: how it computes.

    >>> import numpy as np
    >>> from aecodec import load_codec
    >>> codec = load_codec("digits")
    >>> codec.decompress(codec.compress(np.zeros((28, 28), np.uint8))).size
    (28, 28)
    >>> codec  # doctest: +ELLIPSIS
    Codec('digits', id 0881441f, levels 1 to 3, engine ...)
    """

    folder: CodecFolder
    execution: Execution = Execution()

    def __repr__(self) -> str:
        spec = self.spec
        levels = f"levels 1 to {len(spec.levels)}"
        return f"Codec({spec.name!r}, id {spec.codec_id.hex()}, {levels}, engine {self.engine})"

    @property
    def engine(self) -> str:
        """Name of the engine that runs the codec: "c" or "python"."""
        return (self.execution.engine or default_engine()).name_for(self.folder)

    def _repr_html_(self) -> str:
        """The levels as a table, for notebooks."""
        from aecodec.codec import notebook  # only notebooks need it

        return notebook.codec_html(self.folder)

    def __getstate__(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def spec(self) -> CodecSpec:
        """What the codec is."""
        return self.folder.spec

    @cached_property
    def encoder(self) -> EncoderCodec:
        """The half that compresses."""
        return EncoderCodec(self.folder, execution=self.execution)

    @cached_property
    def decoder(self) -> DecoderCodec:
        """The half that decompresses."""
        return DecoderCodec(self.folder, execution=self.execution)

    @memory_errors_wrapped()
    def compress(
        self,
        image: ImageSource,
        *,
        level: float | None = None,
        max_bytes: int | None = None,
        min_psnr: float | None = None,
        min_ssimulacra2: float | None = None,
        metadata: bool | None = None,
    ) -> bytes:
        """Compress an image, or a batch of images of one size; see :func:`aecodec.compress`."""
        picture = to_picture(image)
        if max_bytes is min_psnr is min_ssimulacra2 is None:
            return self.encoder.compress(picture, level=level, metadata=metadata)
        return self.compress_picture(
            picture,
            level=level,
            max_bytes=max_bytes,
            min_psnr=min_psnr,
            min_ssimulacra2=min_ssimulacra2,
            metadata=metadata,
        ).data

    def compress_picture(
        self,
        picture: ImageSource,
        *,
        level: float | None = None,
        max_bytes: int | None = None,
        min_psnr: float | None = None,
        min_ssimulacra2: float | None = None,
        metadata: bool | None = None,
    ) -> Compressed:
        """Compress a picture, and return with the file what is needed to measure and show it.

        Notebooks show the result: the picture that is in the file, and how many bytes it has.

        Args:
            picture: a picture of one frame or several, or an image as for
                :func:`aecodec.compress`.
            level: 1 (smallest file) and up; the codec's default if None.
            max_bytes: make the best file of at most this many bytes instead.
            min_psnr: make the smallest file of at least this PSNR in dB instead.
            min_ssimulacra2: make the smallest file of at least this score by SSIMULACRA2 instead.
            metadata: keep ICC profile, EXIF, XMP and origin. If None, they are kept for pictures
                of more than one tile, unless `max_bytes` is given.

        Raises:
            ImageError: an image that cannot be read or is of an unsupported kind, or too many
                pixels.
            UsageError: more than one of `level`, `max_bytes`, `min_psnr` and `min_ssimulacra2` is
                given, or no level of the codec satisfies it.
            AecodecError: SSIMULACRA2 is asked for, and its package is not installed.
        """
        if [level, max_bytes, min_psnr, min_ssimulacra2].count(None) < 3:
            raise UsageError(
                "level, max_bytes, min_psnr and min_ssimulacra2 exclude each other: give one"
            )
        if max_bytes is min_psnr is min_ssimulacra2 is None:
            self.spec.check_level(level)
            picture = to_picture(picture)
            header = self.encoder.header(picture, metadata)
            return self.encoder.encode(picture, header).compressed(level)
        from aecodec.codec import distortion, rate_control  # a given level needs neither

        picture, halves = to_picture(picture), (self.encoder, self.decoder)
        if max_bytes is not None:
            return rate_control.within_bytes(*halves, picture, max_bytes, metadata)
        if min_psnr is not None:
            return rate_control.with_quality(*halves, picture, distortion.PSNR, min_psnr, metadata)
        assert min_ssimulacra2 is not None
        return rate_control.with_quality(
            *halves, picture, distortion.SSIMULACRA2, min_ssimulacra2, metadata
        )

    def decompress(
        self, data: DataSource, *, max_pixels: int | None = None, max_frames: int | None = None
    ) -> Image.Image:
        """Decompress a file of one picture; see :meth:`DecoderCodec.decompress`."""
        return self.decoder.decompress(data, max_pixels=max_pixels, max_frames=max_frames)

    def decompress_frames(
        self, data: DataSource, *, max_pixels: int | None = None, max_frames: int | None = None
    ) -> Pixels:
        """Decompress any number of pictures; see :meth:`DecoderCodec.decompress_frames`."""
        return self.decoder.decompress_frames(data, max_pixels=max_pixels, max_frames=max_frames)
