"""Files that guarantee a maximum error of every sample."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Any

import numpy.typing as npt

from aecodec.base.errors import FormatError, UsageError
from aecodec.codec.encoder_codec import EncoderCodec
from aecodec.codec.target import Compressed, MaxError, Target
from aecodec.codec_files.spec import CodecSpec
from aecodec.format.container import MetadataKind
from aecodec.format.kept_tags import alpha_bands, names_in
from aecodec.format.refinement import Bound, Refinement
from aecodec.image_files.colour import is_srgb
from aecodec.imaging.picture import Picture, grey_if_possible
from aecodec.native.writing import Stability, bounds_of


def within_error(
    encoder: EncoderCodec,
    picture: Picture,
    target: Target,
    metadata: bool | None = None,
    *,
    stability: Stability = Stability.NONE,
) -> Compressed:
    """Make the smallest file in which no sample differs from its original by more than a bound.

    By default, a colour profile is kept, because a conversion to sRGB would change the samples.
    Raises CodecError if a level is set, and the codec has no decoder network.
    """
    profile = picture.metadata.get(MetadataKind.ICC)
    is_converted = profile and not picture.is_scientific and not is_srgb(profile, picture.mode)
    if metadata is None and is_converted:
        metadata = True
    original = encoder.original(picture, metadata)
    level = 0 if target.level is None else encoder.spec.level_index(target.level)
    errors = _errors(encoder.spec, original.picture, target)
    bounds = bounds_of(errors, is_root=target.is_root, stability=stability)
    data, compressed = encoder.make(original, level=level, bounds=bounds)
    return Compressed(data, compressed.level, max_error=compressed.max_error)


def check_guarantee(
    spec: CodecSpec, picture: Picture, max_error: MaxError, refinements: Sequence[Refinement]
) -> None:
    """Raise FormatError unless the last refinement of a file bounds its samples by an error."""
    last = max_error[-1] if isinstance(max_error, tuple) else max_error
    target, bounds = Target(max_error=last), refinements[-1].bounds if refinements else ()
    most = max((bound.error for bound in bounds), default=0.0) * 2  # by which the range may shrink
    ranges = {name: size + most for name, size in _ranges(spec, picture).items()}
    allowed = target.errors(ranges)[0]
    allowed = allowed * len(bounds) if len(allowed) == 1 else allowed
    if not bounds or not all(map(_is_within, bounds, allowed, repeat(target.is_root))):
        stated = refinements[-1].largest_bound.text if refinements else "nothing"
        raise FormatError(
            f"the file must guarantee a maximum error of {last}, but guarantees {stated}: the file "
            "was trimmed or replaced"
        )


def _is_within(bound: Bound, error: float, is_root: bool) -> bool:
    same_kind = bound.is_root == is_root or not bound.error
    return same_kind and bound.error <= error * (1 + 1e-9)


def _errors(spec: CodecSpec, picture: Picture, target: Target) -> list[list[float]]:
    """The maximum errors of a target in units of the samples."""
    dtype, errors = picture.pixels.dtype, target.errors(_ranges(spec, picture))
    if alpha := alpha_bands(picture.metadata, bands := picture.pixels.shape[-1]):
        spread = [part if len(part) == bands else part * bands for part in errors]
        errors = [[e * (band not in alpha) for band, e in enumerate(part)] for part in spread]
    if target.is_root and not (dtype.kind in "iu" and dtype.itemsize <= 2):
        raise UsageError(
            f"max_error is {max(errors[0]):g}sqrt, but the samples are {dtype.name}, not 8-bit or "
            "16-bit integers: use a number or a percentage"
        )
    return errors


def _ranges(spec: CodecSpec, picture: Picture) -> dict[str | None, float]:
    """The ranges of the known samples of each band by its name, and of all bands by None."""
    if spec.channels == 1:  # whose bands are those that are coded
        picture = grey_if_possible(picture)
    count = picture.pixels.shape[-1]
    names = (spec.bands and spec.bands.names) or names_in(picture.metadata, count) or ()
    if len(set(names)) != count:
        names = tuple(str(number) for number in range(1, 1 + count))
    known = picture.pixels if picture.missing is None else picture.pixels[~picture.is_missing]
    ranges: dict[str | None, float] = {None: _range_of(known)}
    return ranges | {name: _range_of(picture.known(band)) for band, name in enumerate(names)}


def _range_of(known: npt.NDArray[Any]) -> float:
    return float(known.max()) - float(known.min()) if known.size else 0.0
