"""An encoded picture: its files at any level, without running the network again."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from aecodec.arrays import Latents
from aecodec.codec.base import Execution
from aecodec.codec.geometry import picture_size
from aecodec.codec_files.folder import CodecFolder
from aecodec.coding import payload
from aecodec.coding.payload import MessageCoder
from aecodec.format import container
from aecodec.format.binary import join_messages
from aecodec.format.container import LEVEL_UNITS, Header


class Compressed:
    """A file, its level (1 and up), and the latents that a decoder gets from it.

    Notebooks show the decoded picture. `encoded` makes files at other levels. A file with
    refinements has the largest error of its samples, `max_error`, and no level if it has no base.
    """

    def __init__(
        self,
        data: bytes,
        encoded: EncodedPicture,
        level: float | None,
        dequantized: Latents,
        max_error: float | None = None,
    ) -> None:
        self.data, self.encoded, self.level, self.dequantized = data, encoded, level, dequantized
        self.max_error = max_error

    def __repr__(self) -> str:
        return f"Compressed({self._text})"

    def _repr_html_(self) -> str:
        from aecodec.codec import notebook  # only notebooks need it

        return notebook.file_html(self._text, self._png, self.encoded.header.frames)

    def _repr_png_(self) -> bytes | None:
        return self._png

    @property
    def _text(self) -> str:
        spec, header = self.encoded.folder.spec, self.encoded.header
        width, height = picture_size(spec, header)
        frames = f"{header.frames} x " if header.frames > 1 else ""
        bpp = 8 * len(self.data) / (width * height * header.frames)
        return (
            f"{len(self.data)} bytes, {bpp:.3f} bpp: {frames}{width}x{height} "
            f"{_kind(header)}, codec {spec.name} {level_text(self.level, self.max_error)}"
        )

    @cached_property
    def _png(self) -> bytes | None:
        """The decoded picture as a PNG file; None if the decoder's files are absent."""
        from aecodec.codec import notebook

        folder, execution = self.encoded.folder, self.encoded.execution
        return notebook.pictures_png(folder, execution, self.encoded.header, self.dequantized)


def level_text(level: float | None, max_error: float | None = None) -> str:
    """The level of a file, for people, and its maximum error, if it is known.

    >>> level_text(2), level_text(1.5, 4), level_text(None, 0)
    ('at level 2', 'at level 1.5, maximum error 4', 'without a level, lossless')
    """
    text = "without a level" if level is None else f"at level {level:g}"
    if max_error is None:
        return text
    return f"{text}, maximum error {max_error:g}" if max_error else f"{text}, lossless"


def _kind(header: Header) -> str:
    """Kind of the pixels of a file, for people."""
    samples = header.samples
    return f"{samples.bands} x {samples.type.dtype}" if samples else header.picture_mode.name


class EncodedPicture(NamedTuple):
    """A picture as latents, with the header of its files except for the level.

    The latents are int8 (N, C) for vectors without neighbours, or (planes, rows, columns, C), with
    the channels of all levels.
    """

    folder: CodecFolder
    header: Header
    latents: Latents
    execution: Execution = Execution()

    def to_bytes(self, level: float | None = None) -> bytes:
        """Make a file at a level, or at the codec's default level if None.

        Raises UsageError if the codec has no such level.
        """
        return container.pack(self.header_at(level), self.payload(level))

    def payload(self, level: float | None = None) -> bytes:
        """Encode the latents at a level, without a header."""
        return payload.encode_payload(self._coder(level), self.latents, self.execution.workers)

    def compressed(self, level: float | None = None) -> Compressed:
        """Make a file as :meth:`to_bytes` does, with the latents that a decoder gets from it."""
        spec, dequantized, messages = self.folder.spec, np.zeros_like(self.latents), []
        coder = self._coder(level)
        for message, codes in payload.encode_segments(coder, self.latents, self.execution.workers):
            messages.append(message.data)
            coder.dequantize_into(codes, dequantized[message.segment.places])
        data = container.pack(self.header_at(level), join_messages(messages))
        return Compressed(data, self, spec.level_index(level) / LEVEL_UNITS, dequantized)

    def header_at(self, level: float | None) -> Header:
        """Make the header of a file at a level; it does not state the default level."""
        index, default_index = self.folder.spec.level_index(level), self.folder.spec.level_index()
        return self.header._replace(level=None if index == default_index else index)

    def dequantized(self, level: float | None = None) -> Latents:
        """Make the latents that a decoder gets at a level; 0 in the channels of other levels."""
        coder, dequantized = self._coder(level), np.zeros_like(self.latents)
        decided = payload.decide_codes(coder, self.latents, self.execution.workers)
        for segment, codes in decided:
            coder.dequantize_into(codes, dequantized[segment.places])
        return dequantized

    def _coder(self, level: float | None) -> MessageCoder:
        return self.execution.selected_engine.coder(self.folder, level)
