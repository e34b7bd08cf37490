"""Golden files whose codes are made up, so that they show every rule of the format."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from helpers.codecs.golden import golden_codecs
from PIL import ImageCms

from aecodec import Codec
from aecodec.codec.geometry import vector_shape
from aecodec.coding.message_coder import PriorCoder
from aecodec.coding.payload import encode_payload
from aecodec.entropy.symbols import FixedSymbols, Symbols
from aecodec.format import container
from aecodec.format.container import Header, MetadataKind, Mode
from aecodec.format.instruction import Origin
from aecodec.imaging.alpha import pack_alpha


@dataclass(frozen=True)
class MadeUp:
    """A file to be made: its level, and its header but for the codec and the level."""

    level: int | None = None
    mode: Mode = Mode.L
    size: tuple[int, int] | None = None
    spread: float = 2
    fields: dict[str, object] = field(default_factory=dict)


_METADATA = {
    MetadataKind.EXIF: b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0",
    MetadataKind.XMP: b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
}

_NAMES = {MetadataKind.XMP: b"<x/><?aec-names a.png/b.png?>"}

_THREE, _TWO = {"frames": 3}, {"frames": 2}

GRID = {
    "grid": MadeUp(mode=Mode.RGB, size=(23, 17)),
    "grid_without_context": MadeUp(1, Mode.RGB, (7, 5), spread=4),
    "grid_without_spatial_context": MadeUp(5, Mode.RGB, (17, 18)),
    "grid_one_tile_high": MadeUp(3, Mode.RGB, (41, 2)),
    "grid_one_tile_wide": MadeUp(3, Mode.L, (1, 37)),
    "grid_frames": MadeUp(2, Mode.RGB, (9, 8), fields=_THREE),
    "grid_grey_reduced": MadeUp(3, Mode.LA, (33, 25), fields={"reduction": 3}),
    "grid_reduced": MadeUp(3, Mode.RGB, (40, 30), spread=8, fields={"reduction": 7}),
    "grid_segments": MadeUp(4, Mode.L, (260, 130), spread=0.4, fields=_TWO),
    "grid_enlarged": MadeUp(3, Mode.RGB, (201, 151), spread=8, fields={"reduction": 20}),
    "grid_groups": MadeUp(4, Mode.L, (164, 100), spread=0.4, fields={"frames": 5}),
}

TILES = {
    "tiles": MadeUp(mode=Mode.RGB, size=(7, 10), spread=9),
    "tiles_without_context": MadeUp(2, Mode.RGBA, (5, 4), spread=5),
    "tiles_of_one_size": MadeUp(fields={"frames": 5, "metadata": _METADATA}),
    "tiles_parts": MadeUp(1, Mode.L, (182, 273), spread=1),
    "tiles_colour_frames": MadeUp(3, Mode.RGB, (3, 4), spread=20, fields=_TWO),
    "tiles_names": MadeUp(fields={**_TWO, "metadata": _NAMES, "as_rgb": True}),
}


def files() -> Iterator[tuple[str, bytes]]:
    """Each golden file's name and content, of the golden codecs."""
    by_name = {codec.spec.name: codec for codec in golden_codecs().values()}
    for number, (name, each) in enumerate(GRID.items()):
        yield name, made_up(by_name["grid"], each, number)
    for number, (name, each) in enumerate(TILES.items()):
        yield name, made_up(by_name["tiles"], each, number)
    yield "even", made_up(by_name["even"], MadeUp(size=(40, 30), spread=0.2), 0)
    yield "even_padded", padded(by_name["even"])
    yield "tiles_escapes", escapes(by_name["tiles"], 2, columns=8)


def made_up(codec: Codec, each: MadeUp, seed: int) -> bytes:
    """A file of random codes."""
    rng = np.random.default_rng(seed)
    header = _header(codec, each)
    level = codec.spec.level(each.level)
    shape = (*vector_shape(codec.spec, header), level.code_dimension)
    codes = rng.laplace(0, each.spread, shape).round()
    return file_of(codec, header, _valid(codec, each.level, codes), each.level)


def padded(codec: Codec) -> bytes:
    """A file whose codes are all the likeliest one, so that its message is padded."""
    header = _header(codec, MadeUp(size=(40, 30)))
    return file_of(codec, header, np.ones((1200, 1), np.int16), 1)


def _header(codec: Codec, each: MadeUp) -> Header:
    width, height = each.size or codec.spec.tile[::-1]
    values = dict(each.fields)
    if each.mode.has_alpha:
        ramp = np.arange(width * height, dtype=np.uint32).reshape(1, height, width)
        values["alpha"] = pack_alpha(ramp.astype(np.uint8))
    return Header(codec.spec.codec_id, each.mode, each.size, **values)


def _valid(codec: Codec, level: int | None, codes: np.ndarray) -> np.ndarray:
    """Codes (..., K) within those of the latents -128 and 127."""
    chosen = codec.spec.level(level)
    ends = np.repeat(np.array([[-128], [127]]), chosen.code_dimension, axis=1)
    least, most = chosen.quantize(ends)
    return codes.clip(least, most).astype(np.int16)


def file_of(codec: Codec, header: Header, codes: np.ndarray, level: float | None) -> bytes:
    """A file of codes (*shape of the vectors, K)."""

    def quantizer(part: np.ndarray) -> Symbols:
        return FixedSymbols(part.reshape(-1, part.shape[-1]))

    units = codec.spec.level_index(level)
    stated = None if units == codec.spec.level_index() else units
    coder = PriorCoder(codec.folder.prior(level), codec.spec.level(level), quantizer)
    payload = encode_payload(coder, codes)
    whole = Header(**{**vars(header), "level": stated})
    return container.pack(whole, payload)


def escapes(codec: Codec, level: int, columns: int) -> bytes:
    """A file of one row of tiles, in whose codes some are the least or the largest possible."""
    width = columns * codec.spec.tile[1]
    each = MadeUp(level, Mode.L, (width, codec.spec.tile[0]))
    header = _header(codec, each)
    shape = (*vector_shape(codec.spec, header), codec.spec.level(level).code_dimension)
    rng = np.random.default_rng(0)
    codes = rng.laplace(0, 2, shape).round()
    codes[..., ::9] = rng.choice([-32768, 32767], codes[..., ::9].shape)
    return file_of(codec, header, _valid(codec, level, codes), level)


def all_metadata() -> dict[MetadataKind, bytes]:
    """A colour profile, EXIF and XMP."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return {MetadataKind.ICC: profile, **_METADATA}


ORIGIN = Origin(".png", 1_700_000_000)


def with_checksum(body: bytes) -> bytes:
    """A file: its bytes before the checksum, and the right checksum."""
    return body + zlib.crc32(body).to_bytes(4, "little")
