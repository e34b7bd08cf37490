"""The segments of a file, which are read and decoded separately if the file allows it."""

from __future__ import annotations

from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_with_id
from aecodec.format.limits import Limits
from aecodec.imaging.picture import Picture, to_array
from aecodec.native.headers import read_beginning
from aecodec.native.heads import FileHead, Segment
from aecodec.native.structures import BEGINNING
from aecodec.sequences.ranges import Ranges


class WholeFile:
    """A file in the place of a :class:`FileHead`, with one segment, all that it has."""

    def __init__(self, content: bytes, codec: Codec) -> None:
        self._content, self._decoder = content, codec.decoder
        self.header = header = self._decoder.header(content)
        (width, height), mode = header.size or codec.spec.tile[::-1], header.picture_mode
        bands = header.samples.bands if header.samples else mode.channels + mode.has_alpha
        self.shape = (header.frames, height, width, bands)
        box = range(header.frames), range(height), range(width)
        self.grid = tuple([side] for side in box)
        self.segments = [Segment(box)]

    def decode(self, _: Segment, __: bytes) -> Picture:
        """Decode the file to (F, H, W, B)."""
        picture = self._decoder.decompress_picture(self._content, Limits())
        return Picture(to_array(picture).reshape(self.shape), missing=picture.missing)


def segmented(ranges: Ranges, codec: Codec | None = None) -> FileHead | WholeFile:
    """Read the head of a file, or the whole file if it must be decoded as a whole.

    Raises FormatError if it is damaged, and CodecError if its codec is not installed.
    """
    beginning = read_beginning(ranges.read(0, min(BEGINNING, ranges.size)))
    codec = codec or codec_with_id(bytes(beginning.id))
    head = FileHead.open(codec.folder.native, ranges.read, ranges.size)
    return head or WholeFile(ranges.read(0, ranges.size), codec)
