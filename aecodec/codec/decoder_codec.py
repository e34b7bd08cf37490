"""The decoder codec: the half of a codec that decompresses `.aec` files to pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from aecodec.base.arrays import Codes, Pixels
from aecodec.base.errors import UsageError
from aecodec.codec.base import CodecHalf
from aecodec.codec.sources import DataSource, to_bytes
from aecodec.codec_files.file_names import Half
from aecodec.format.container import Header
from aecodec.format.limits import LimitOptions, Limits
from aecodec.image_files.writing import to_pil
from aecodec.imaging.picture import Picture, source_array, to_array
from aecodec.imaging.tiling import grid_of
from aecodec.native import reading
from aecodec.native.headers import read_header
from aecodec.native.reading import Decoding

if TYPE_CHECKING:
    from typing_extensions import Unpack


class DecoderCodec(CodecHalf):
    """The half of a codec that decompresses. It needs only the decoder's part of a codec.

    Methods that read a file raise FormatError if it is damaged, CodecError if a different codec
    made it, LimitError if it claims more than the limits, and AecodecError if memory runs out.

    >>> from aecodec import load_codec
    >>> codec = load_codec("digits")
    >>> codec.decoder.reconstruct(np.zeros((2, 44), np.int16), level=2).shape
    (2, 28, 28, 1)
    """

    def decompress(self, data: DataSource, **limits: Unpack[LimitOptions]) -> Image.Image:
        """Decompress a file with one picture and no bands; see :func:`aecodec.decompress`."""
        content = to_bytes(data)
        header = self.header(content)
        if header.samples:
            raise UsageError(
                f"the file holds {header.samples.bands} bands of {header.samples.type.dtype}: use "
                "decompress_array"
            )
        if header.frames > 1:
            raise UsageError(f"the file holds {header.frames} pictures: use decompress_frames")
        return to_pil(self._decompressed(content, header, Limits(**limits)))[0]

    def decompress_frames(self, data: DataSource, **limits: Unpack[LimitOptions]) -> Pixels:
        """Decompress any number of pictures; see :func:`aecodec.decompress_frames`."""
        return to_array(self.decompress_picture(to_bytes(data), Limits(**limits)))

    def decompress_array(
        self, data: DataSource, **limits: Unpack[LimitOptions]
    ) -> npt.NDArray[Any]:
        """Decompress a file to an array; see :func:`aecodec.decompress_array`."""
        return source_array(self.decompress_picture(to_bytes(data), Limits(**limits)))

    def decompress_picture(self, data: bytes, limits: Limits = Limits()) -> Picture:
        """Decompress the bytes of a file to its pictures, with alpha and metadata."""
        return self._decompressed(data, self.header(data), limits)

    def header(self, data: bytes) -> Header:
        """Read the header of the bytes of a file of this codec."""
        header = read_header(data)
        self.spec.check_id(header.codec_id)
        return header

    def _decompressed(self, data: bytes, header: Header, limits: Limits) -> Picture:
        workers = self.workers
        with self.absence_explained(Half.DECODER):
            return reading.decompress(self.folder.native, data, header, limits, workers)

    def run(self, decoding: Decoding) -> None:
        """Decode the codes of the frames that are selected, and run the network on them."""
        with self.absence_explained(Half.DECODER):
            decoding.run(self.workers)

    def codes(self, data: bytes, limits: Limits = Limits()) -> Codes:
        """Decode the codes (T * vectors, K) int16 of T tiles; UsageError without a base."""
        self.header(data)
        decoding = Decoding.of_file(self.folder.native, data, limits)
        return decoding.codes(self.workers).astype(np.int16)

    def check(self, data: bytes, limits: Limits = Limits()) -> None:
        """Check a file like :meth:`decompress_picture`; only refinements need the network."""
        self.header(data)
        reading.check_file(self.folder.native, data, limits, self.workers)

    def reconstruct(
        self, codes: Codes, level: float | None = None, size: tuple[int, int] | None = None
    ) -> Pixels:
        """Reconstruct pictures (F, H, W, C) uint8 from the codes (T * vectors, K) of T tiles.

        For a codec with bands, C counts the phases of all bands. By default, the level is the
        codec's default level, and pictures have the size (width, height) of a tile. Raises
        FormatError if no encoder of this codec could produce the codes, and UsageError if their
        dimension or number is wrong, or the codec has no such level.
        """
        spec, (width, height) = self.spec, size or self.spec.tile[::-1]
        dimension = spec.level(level).code_dimension
        rows, columns = grid_of((width, height), spec.tile)
        vectors = rows * columns * spec.vectors
        if codes.ndim != 2 or codes.shape[1] != dimension or len(codes) % vectors:
            needed = f"(N, {dimension}), with N a multiple of {vectors} for {width}x{height} pixels"
            raise UsageError(f"codes have the shape {codes.shape}, but this level needs {needed}")
        frames, index = len(codes) // vectors, spec.level_index(level)
        if not frames:
            return np.empty((0, height, width, spec.network_channels), np.uint8)
        shape = (frames, height, width)
        decoding = Decoding.of_codes(self.folder.native, index, codes, shape)
        self.run(decoding)
        return decoding.channels(self.workers)
