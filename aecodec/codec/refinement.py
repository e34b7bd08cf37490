"""Refining a decoded picture until no sample differs by more than a bound from its original."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property, partial
from typing import Any

import numpy as np

from aecodec.arrays import Latents
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.encoded_picture import Compressed, EncodedPicture
from aecodec.codec.encoder_codec import EncoderCodec
from aecodec.codec.samples import clipped
from aecodec.codec.target import Target
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.residual_networks import networks_for
from aecodec.coding.lattice import Lattice, bound_for
from aecodec.coding.payload import Segment, split_into_segments
from aecodec.engine.residuals import SIDE, Residuals, Samples, checksum
from aecodec.errors import AecodecError, warn
from aecodec.format import container
from aecodec.format.binary import join_messages
from aecodec.format.container import LEVEL_UNITS, Header, MetadataKind
from aecodec.format.refinement import Bounds, Refinement, bound_of
from aecodec.format.samples import Layout
from aecodec.image_files.colour import in_kept_colours, is_srgb
from aecodec.imaging.picture import Picture

_CELL, _LEAST_CELLS, _CELL_STRIDE = 128, 8, 64
"""Levels are compared on at least 8 cells with this side, and on one of 64."""

_MOST_BITS = 2
"""Files with more bits per sample are smaller without base, so no level is tried."""

_HOPELESS = 1.1
"""If the middle level makes a file larger than without base by this factor, so do all levels."""


def within_error(
    encoder: EncoderCodec,
    decoder: DecoderCodec,
    picture: Picture,
    target: Target,
    metadata: bool | None = None,
) -> Compressed:
    """Make the smallest file in which no sample differs from its original by more than a bound.

    Without a level in the target, the file has the level that makes it smallest, or no level: its
    samples are then predicted only from each other. If `metadata` is None, a colour profile is
    kept, because a conversion to sRGB would change the samples.

    Raises CodecError if a level is set, and the decoder's files are missing, and AecodecError if
    the decoded samples exceed the bound.
    """
    profile = picture.metadata.get(MetadataKind.ICC)
    is_converted = profile and not picture.is_scientific and not is_srgb(profile, picture.mode)
    if metadata is None and is_converted:
        metadata = True
    refiner = _Refiner(encoder, decoder, picture, encoder.header(picture, metadata))
    bounds = refiner.bounds(target)
    level = refiner.best_level(bounds[0]) if target.level is None else target.level
    return refiner.file(level, bounds)


class _Refiner:
    """Refines a picture.

    Args:
        encoder: the encoder of a codec.
        decoder: its decoder.
        picture: the picture.
        header: the header of its files, except for the level.
    """

    def __init__(
        self, encoder: EncoderCodec, decoder: DecoderCodec, picture: Picture, header: Header
    ) -> None:
        self._encoder, self._decoder, self._picture = encoder, decoder, picture
        self._header, self._missing = header, picture.missing
        channels = header.samples.bands if header.samples else header.mode.channels
        pixels = in_kept_colours(picture, header.metadata).pixels[..., :channels]
        if picture.missing is not None:
            pixels = np.where(picture.missing, pixels.dtype.type(0), pixels)
        self._original = pixels
        self._segments = split_into_segments(pixels.shape[:3], SIDE)
        self._bases: dict[float | None, tuple[Samples, Latents]] = {}
        self._coded: dict[tuple[float | None, Bounds], list[tuple[bytes, Samples]]] = {}

    @cached_property
    def _encoded(self) -> EncodedPicture:
        picture, samples = self._picture, self._header.samples
        if samples:  # refinements restore samples outside of the limits
            picture = clipped(self._encoder.folder, picture, samples)
        return self._encoder.encode(picture, self._header)

    def bounds(self, target: Target) -> list[Bounds]:
        """The bounds of the refinements, the coarsest first."""
        original, refinements = self._original, list[Bounds]()
        for errors in target.bounds(self._ranges()):
            bands = [original] if len(errors) == 1 else np.moveaxis(original, -1, 0)
            bounds = tuple(
                bound_for(samples, bound.error, bound.is_root)
                for samples, bound in zip(bands, errors, strict=True)
            )
            if not refinements or any(
                bound_of(bounds, band).error < bound_of(refinements[-1], band).error
                for band in range(original.shape[-1])
            ):
                refinements.append(bounds)
        return refinements

    def _ranges(self) -> dict[str | None, float]:
        """The ranges of the known samples of each band by its name, and of all bands by None."""
        original, bands = self._original, self._encoder.spec.bands
        missing = None if self._missing is None else np.broadcast_to(self._missing, original.shape)
        numbers = [str(number) for number in range(1, 1 + original.shape[-1])]
        names = bands.names if bands and len(set(bands.names)) == len(numbers) else numbers

        def range_at(place: Any) -> float:
            known = original[place] if missing is None else original[place][~missing[place]]
            return float(known.max()) - float(known.min()) if known.size else 0.0

        return {None: range_at(...), **{name: range_at((..., b)) for b, name in enumerate(names)}}

    def best_level(self, bounds: Bounds) -> float | None:
        """The whole level that makes the smallest file; None for no base.

        Some cells of a large picture are compared.
        """
        part = self._part()
        smallest = part._size(None, bounds)
        is_fine = 8 * smallest > _MOST_BITS * part._original.size
        if is_fine or not self._decoder.folder.has(Half.DECODER):
            return None
        size = cache(partial(part._size, bounds=bounds))
        levels = len(self._encoder.spec.levels)
        if size(_middle(levels)) > _HOPELESS * smallest:
            return None
        level = _lowest(size, levels)
        return level if size(level) < smallest else None

    def _part(self) -> _Refiner:
        """A refiner of some cells that are equal in shape, as frames, or of a small picture."""
        cells = split_into_segments(self._original.shape[:3], _CELL)
        if len(cells) <= _LEAST_CELLS:
            return self
        whole = [cell.places for cell in cells if cell.shape == cells[0].shape]
        stride = max(1, len(whole) // max(_LEAST_CELLS, len(whole) // _CELL_STRIDE))
        places, missing = whole[stride // 2 :: stride], self._missing
        picture = Picture(
            np.concatenate([self._original[place] for place in places]),
            missing=None if missing is None else np.concatenate([missing[at] for at in places]),
            layout=self._picture.layout,
        )
        samples = self._header.samples
        if samples:
            samples = samples._replace(layout=Layout.FHWB, repetition=None, mask=b"", mask_planes=0)
        header = self._header._replace(size=picture.size, frames=picture.frames, samples=samples)
        return _Refiner(self._encoder, self._decoder, picture, header)

    def _size(self, level: float | None, bounds: Bounds) -> int:
        """Size in bytes of the payload and the messages of a file with one refinement."""
        base, _ = self._base(level)
        coded = self._coded[level, bounds] = list(self._encode(base, bounds, level is not None))
        return sum(len(message) for message, _ in coded) + len(self._payload(level))

    def _payload(self, level: float | None) -> bytes:
        return b"" if level is None else self._encoded.payload(level)

    def _base(self, level: float | None) -> tuple[Samples, Latents]:
        if level not in self._bases:
            self._bases[level] = self._decoded(level)
        return self._bases[level]

    def _decoded(self, level: float | None) -> tuple[Samples, Latents]:
        """The picture of a level, and its latents."""
        if level is None:
            return np.zeros_like(self._original), np.zeros((0, 0), np.int8)
        latents = self._encoded.dequantized(level)
        return self._decoder.exact.reconstruct_base(self._header, latents), latents

    def _encode(
        self, base: Samples, bounds: Bounds, has_base: bool
    ) -> Iterator[tuple[bytes, Samples]]:
        """Encode samples, and yield the message of each segment and a decoder's samples."""
        residuals = self._residuals(bounds, has_base)
        return residuals.encode(self._original, base, self._missing)

    def _lattices(self, bounds: Bounds) -> list[Lattice]:
        bands = range(self._original.shape[-1])
        return [Lattice(self._original.dtype, bound_of(bounds, band)) for band in bands]

    def _residuals(self, bounds: Bounds, has_base: bool) -> Residuals:
        lattices = self._lattices(bounds)
        networks = networks_for(self._encoder.folder, len(lattices), has_base=has_base)
        execution = self._encoder.execution
        return Residuals(execution.selected_engine, execution.workers, lattices, networks)

    def file(self, level: float | None, refinement_bounds: Sequence[Bounds]) -> Compressed:
        """Make the file with the picture of a level, or with no level."""
        samples, latents = self._base(level)
        error = 0.0
        refinements = list[Refinement]()
        for bounds in refinement_bounds:
            has_base = level is not None or bool(refinements)
            refinement, samples = self._refine(level, samples, bounds, has_base)
            refinements.append(refinement)
            largest_error = partial(self._largest_error, samples, bounds)
            error = max(self._encoder.execution.workers.map(largest_error, self._segments))
        self._warn_of_nodata(samples)
        header, spec = self._header, self._encoder.spec
        if level is not None:
            header = self._encoded.header_at(level)
        header = header._replace(refinements=tuple(refinements))
        return Compressed(
            container.pack(header, self._payload(level)),
            EncodedPicture(self._encoder.folder, header, latents, self._encoder.execution),
            None if level is None else spec.level_index(level) / LEVEL_UNITS,
            latents,
            error,
        )

    def _refine(
        self, level: float | None, base: Samples, bounds: Bounds, has_base: bool
    ) -> tuple[Refinement, Samples]:
        """A refinement of samples, and the samples that a decoder gets from it."""
        decoded, messages = np.empty_like(base), list[bytes]()
        results = self._coded.get((level, bounds)) or self._encode(base, bounds, has_base)
        for segment, (message, samples) in zip(self._segments, results, strict=True):
            decoded[segment.places] = samples
            messages.append(message)
        refinement = Refinement(
            networks=self._residuals(bounds, has_base).networks.identity,
            bounds=bounds,
            is_float=base.dtype.kind == "f",
            base_checksum=checksum(base) if has_base else None,
            messages=[join_messages(messages)],
        )
        return refinement, decoded

    def _warn_of_nodata(self, decoded: Samples) -> None:
        """Warn of known samples that become equal to the value of missing samples."""
        nodata = self._picture.nodata
        if nodata is None:
            return
        count = np.count_nonzero((decoded == nodata) & ~self._picture.is_missing)
        if count:
            warn(
                f"{count} known samples decode to {nodata:g}, the value of missing samples: choose "
                "a smaller maximum error, or mark missing samples with another value"
            )

    def _largest_error(self, decoded: Samples, bounds: Bounds, segment: Segment) -> float:
        """The largest error of the known samples of a segment; AecodecError above the bound."""
        errors = []
        for band, lattice in enumerate(self._lattices(bounds)):
            known = ~self._picture.is_missing[segment.places][..., band]
            original, restored = (a[segment.places][..., band] for a in (self._original, decoded))
            error, is_within = lattice.compare(original, restored, known)
            if not is_within:
                raise AecodecError(
                    f"a sample differs by {error:g} from its original, although the maximum error "
                    f"is {lattice.bound.text}: this is a defect of aecodec; report it with the "
                    "picture"
                )
            errors.append(error)
        return max(errors)


def _middle(count: int) -> int:
    return count // 2 + 1


def _lowest(function: Callable[[int], float], count: int) -> int:
    """The number from 1 to `count` where a function is lowest, if it falls and then rises."""
    lowest = _middle(count)
    for step in (1, -1):
        while 1 <= lowest + step <= count and function(lowest + step) < function(lowest):
            lowest += step
    return lowest
