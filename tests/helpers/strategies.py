"""Hypothesis strategies and generators for what is parsed, packed and coded."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from helpers.writer import Part
from hypothesis import strategies as st

from aecodec.format.arrays import BAND_TYPES, MAX_CODEC_BANDS, Layout, Samples
from aecodec.format.container import MAX_FRAMES, NOT_REDUCED, Header, MetadataKind, Mode
from aecodec.format.origin import Origin
from aecodec.format.refinement import ROOT_UNITS, Bound
from aecodec.prior_fitting.context_network import (
    GRADIENTS,
    KINDS,
    PREDICTED_CHANNELS,
    ContextNetwork,
    SpatialWeights,
)
from aecodec.prior_fitting.fitting import to_frequencies
from aecodec.prior_fitting.prior import Prior

sides = st.integers(1, 300) | st.integers(1, 1 << 15)
reduced_sides = st.integers(1, 300) | st.integers(1, 1 << 13)
origins = st.builds(
    Origin,
    suffix=st.from_regex(r"\.[0-9A-Za-z]{1,16}", fullmatch=True),
    modified=st.integers(1 - 10**12, 10**12 - 1),
)
_PLAIN_KINDS = st.sampled_from([MetadataKind.ICC, MetadataKind.EXIF, MetadataKind.XMP])


@st.composite
def samples(draw: st.DrawFn) -> Samples:
    """Any description of samples, without NaN, which differ from themselves."""
    kind, layout = draw(st.sampled_from(BAND_TYPES)), draw(st.sampled_from(Layout))
    bands = draw(st.integers(1, MAX_CODEC_BANDS)) if layout.has_bands else 1
    dtype = np.dtype(kind.dtype)
    values = st.integers(0, 100).map(float if kind.is_float else int)
    phases = st.integers(1, 16).flatmap(
        lambda factor: st.tuples(st.just(factor), *[st.integers(0, factor - 1)] * 2)
    )
    limits = st.tuples(values, st.just(dtype.type(101).item()))
    mask = draw(st.binary(max_size=30))
    return Samples(
        type=kind,
        layout=layout,
        bands=bands,
        is_big_endian=draw(st.booleans()),
        limits=draw(st.none() | st.tuples(*[limits] * bands)),
        nodata=draw(st.none() | values),
        repetition=draw(st.none() | st.tuples(*[phases] * bands)),
        mask=mask,
        mask_planes=draw(st.sampled_from([1, bands])) if mask else 0,
    )


def _headers(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Header]:
    """Headers with default values for all other fields, which Hypothesis would infer."""
    codec_ids = st.binary(min_size=4, max_size=4).filter(lambda name: name != b"SAMP")  # no alpha
    return st.fixed_dictionaries({"codec_id": codec_ids, **fields}).map(lambda kw: Header(**kw))


headers = (
    _headers(
        mode=st.sampled_from([Mode.L, Mode.RGB]),
        size=st.none() | st.tuples(sides, sides),
        level=st.none() | st.integers(16, 255),
        metadata=st.dictionaries(_PLAIN_KINDS, st.binary(max_size=300)),
    )
    | _headers(
        metadata=st.dictionaries(_PLAIN_KINDS, st.binary(min_size=1, max_size=99)),
        origin=st.none() | origins,
        as_rgb=st.booleans(),
    )
    | _headers(
        size=st.none() | st.tuples(reduced_sides, reduced_sides),
        reduction=st.integers(NOT_REDUCED + 1, 64),
    )
    | _headers(
        mode=st.sampled_from([Mode.LA, Mode.RGBA]),
        frames=st.integers(1, MAX_FRAMES),
        alpha=st.binary(max_size=300),
    )
    | _headers(
        size=st.none() | st.tuples(sides, sides),
        samples=samples(),
        metadata=st.dictionaries(
            st.sampled_from([MetadataKind.XMP, MetadataKind.TIFF]), st.binary(max_size=99)
        ),
    )
    | st.lists(st.binary(max_size=9).map(lambda name: name.replace(b"/", b"")), min_size=1).flatmap(
        lambda names: _headers(
            frames=st.just(len(names)), metadata=st.just({MetadataKind.NAMES: b"/".join(names)})
        )
    )
)

_BOUNDS = {
    "integers": st.integers(0, (1 << 30) - 1).map(Bound),
    "floats": st.integers(0, 10**300).map(float).map(Bound),
    "roots": st.integers(0, (1 << 20) - 1).map(lambda f: Bound(f / ROOT_UNITS, is_root=True)),
}


@st.composite
def refinements(draw: st.DrawFn) -> tuple[Part, ...]:
    """1 to 3 refinements; only the first may have no base."""
    kind = draw(st.sampled_from(sorted(_BOUNDS)))
    part = st.builds(
        Part,
        bounds=st.lists(_BOUNDS[kind], min_size=1, max_size=4),
        unit=st.just(0.0 if kind == "floats" else None),
        base_checksum=st.integers(0, (1 << 32) - 1),
        choices=st.binary(max_size=20),
        message=st.binary(max_size=20),
        is_primed=st.just(False),
    )
    parts = draw(st.lists(part, min_size=1, max_size=3))
    if draw(st.booleans()):
        parts[0] = parts[0]._replace(base_checksum=None, is_primed=draw(st.booleans()))
    return tuple(parts)


def _any_context(rng: np.random.Generator, count: int, channels: int) -> ContextNetwork:
    """A context network of 0 to 12 units, with or without spatial weights."""
    units, is_spatial = int(rng.integers(0, 13)), bool(rng.integers(0, 2))
    any_int8 = functools.partial(rng.integers, -128, 128)
    arrays: dict[str, Any] = {
        "order": rng.permutation(channels),
        "input_shift": rng.integers(0, 8, channels),
        "degree": np.sort(rng.integers(0, channels + 2, units)),
        "weights": any_int8((channels, units)),
        "unit_shift": rng.integers(0, 12, units),
        "bias": any_int8((count, units)),
        "output_weights": any_int8((channels, units, 2)),
        "output_shift": rng.integers(4, 16, (channels, 2)),
    }
    if is_spatial:
        predicted = min(channels, PREDICTED_CHANNELS)
        spatial: list[Any] = [
            any_int8(channels),
            any_int8((KINDS, channels, units)),
            any_int8((KINDS, units)),
            any_int8((KINDS, predicted, GRADIENTS, predicted)),
            rng.integers(4, 16, (KINDS, predicted)),
        ]
        arrays["spatial"] = SpatialWeights(*spatial)
        arrays["input_shift"] += 8 * rng.integers(0, 2, channels)
    return ContextNetwork(**arrays)


def _any_row(rng: np.random.Generator, symbols: int, is_whole: bool) -> np.ndarray:
    start = 0 if is_whole else int(rng.integers(symbols))
    stop = symbols if is_whole else int(rng.integers(start, symbols)) + 1
    frequencies = to_frequencies(rng.random(stop - start + 1) ** 8)
    row = np.zeros(symbols + 1, np.uint16)
    row[start:stop], row[-1] = frequencies[:-1], frequencies[-1]
    return row


@st.composite
def priors(draw: st.DrawFn) -> Prior:
    """A prior: 1 to 5 competing, of 1 to 6 channels; some have frequencies of 0, or a context."""
    count, channels, symbols = (draw(st.integers(1, n)) for n in (5, 6, 9))
    bank = draw(st.sampled_from([1, 2, 3, 8, 16, 24]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    is_whole = bool(rng.integers(2))
    return Prior(
        bank=np.stack([_any_row(rng, symbols, is_whole) for _ in range(bank)]),
        first=int(rng.integers(-20, 6)),
        table=rng.integers(0, bank, (count, channels)).astype(np.uint16),
        offset=rng.integers(-128, 128, (count, channels)) // rng.choice([1, 20, 129]),
        index=to_frequencies(rng.random(count)) if count > 1 else np.zeros(1, np.uint16),
        context=_any_context(rng, count, channels) if bank % 8 == 0 else None,
    )
