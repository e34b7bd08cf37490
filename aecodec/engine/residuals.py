"""Residuals of whole pictures: coding them in segments, on all cores, and decoding refinements."""

import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Int64
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.residual_networks import can_code, networks_with_id
from aecodec.coding.lattice import Lattice, has_roots
from aecodec.coding.payload import Segment, split_into_segments
from aecodec.coding.residual_coder import Coding, Missing
from aecodec.coding.residual_network import ResidualNetworks
from aecodec.engine.choice import Engine
from aecodec.errors import CodecError, FormatError
from aecodec.format.binary import split_messages
from aecodec.format.refinement import Refinement
from aecodec.imaging.missing import Mask
from aecodec.parallel import Workers

SIDE = 256
"""Largest side in samples of the segments, which are coded independently."""

Samples = npt.NDArray[Any]
"""Samples (F, H, W, B) of any type of a file."""


class Residuals(NamedTuple):
    """The coding of the residuals of samples (F, H, W, B).

    Attributes:
        engine: codes the segments.
        workers: the threads that call it.
        lattices: one per band.
        networks: the networks.
    """

    engine: Engine
    workers: Workers
    lattices: Sequence[Lattice]
    networks: ResidualNetworks

    def encode(
        self, original: Samples, base: Samples, missing: Mask | None
    ) -> Iterator[tuple[bytes, Samples]]:
        """Encode samples, and yield the message of each segment and a decoder's samples."""
        encode = partial(self._encode_segment, original, base, missing)
        return self.workers.map(encode, split_into_segments(base.shape[:3], SIDE))

    def decode(self, base: Samples, missing: Mask | None, messages: bytes) -> Samples:
        """Decode the messages of all segments; FormatError if they are damaged."""
        segments, out = split_into_segments(base.shape[:3], SIDE), np.empty_like(base)
        parts = list(zip(segments, split_messages(messages, len(segments)), strict=True))
        for _ in self.workers.map(partial(self._decode_segment, base, missing, out), parts):
            pass
        return out

    def _encode_segment(
        self, original: Samples, base: Samples, missing: Mask | None, segment: Segment
    ) -> tuple[bytes, Samples]:
        values, start = (self._integers(samples[segment.places]) for samples in (original, base))
        mask = _part(missing, segment, values)
        message, decoded = self.engine.encode_residuals(self._coding, start, values, mask)
        return message, self._samples(decoded)

    def _decode_segment(
        self, base: Samples, missing: Mask | None, out: Samples, part: tuple[Segment, bytes]
    ) -> None:
        segment, message = part
        start = self._integers(base[segment.places])
        mask = _part(missing, segment, start)
        values = self.engine.decode_residuals(self._coding, start, message, mask)
        out[segment.places] = self._samples(values)

    @property
    def _coding(self) -> Coding:
        lattices = self.lattices
        return Coding(self.networks, [a.step for a in lattices], [a.limits for a in lattices])

    def _integers(self, samples: Samples) -> Int64:
        """Samples (f, h, w, B) of a segment as integers (f, B, h, w)."""
        bands = [lattice.to_integers(samples[..., b]) for b, lattice in enumerate(self.lattices)]
        return np.stack(bands, axis=1)

    def _samples(self, values: Int64) -> Samples:
        """Samples (f, h, w, B) of integers (f, B, h, w)."""
        bands = [lattice.to_samples(values[:, b]) for b, lattice in enumerate(self.lattices)]
        return np.stack(bands, axis=-1)


def _part(missing: Mask | None, segment: Segment, values: Int64) -> Missing | None:
    """The mask of a segment in the shape of its values (f, B, h, w)."""
    if missing is None:
        return None
    part = np.moveaxis(missing[segment.places], -1, 1)
    return np.ascontiguousarray(np.broadcast_to(part, values.shape))


def refined(
    folder: CodecFolder,
    engine: Engine,
    workers: Workers,
    base: Samples,
    missing: Mask | None,
    refinement: Refinement,
) -> Samples:
    """Decode a refinement of samples.

    Raises FormatError if it is damaged, and CodecError if the networks are missing, or the base was
    decoded differently where the file was made.
    """
    bands = base.shape[-1]
    fits = refinement.is_float == (base.dtype.kind == "f")
    fits &= has_roots(base.dtype) or not refinement.is_root
    if len(refinement.bounds) not in (1, bands) or not fits:
        raise FormatError("damaged: the bounds of a refinement do not fit the samples")
    if refinement.has_base and refinement.base_checksum != checksum(base):
        raise CodecError(
            "the picture before its refinement differs from the encoder's: this engine does not "
            "compute the same pixels; install aecodec with its C core"
        )
    networks = networks_with_id(folder, refinement.networks)
    if networks.has_base != refinement.has_base or not can_code(networks, bands):
        raise FormatError("damaged: a refinement does not fit its networks")
    lattices = [Lattice(base.dtype, refinement.bound(band)) for band in range(bands)]
    return Residuals(engine, workers, lattices, networks).decode(
        base, missing, refinement.messages[0]
    )


def checksum(samples: Samples) -> int:
    """CRC-32 of samples as little-endian bytes."""
    little = samples.astype(samples.dtype.newbyteorder("<"), copy=False)
    return zlib.crc32(np.ascontiguousarray(little).data)
