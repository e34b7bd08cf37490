"""Files of every released version are read, to the very codes, for ever."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

import aecodec
from aecodec import Codec, container, registry, segments
from aecodec.shapes import shape_of
from aecodec.thrift import rounded

GOLDEN = Path(__file__).parent / "golden"
FORMAT = Path(__file__).parents[1] / "docs" / "FORMAT.md"
NAMES = [
    "digit3",
    "digit3_level1",
    "digit3_level3",
    "stack",
    "grey_with_alpha",
    "colour",
    "colour_with_alpha",
    "reduced",
    "photo",
    "photo_grey_between_levels",
    "photo_with_alpha",
    "photo_stack",
    "photo_reduced",
]


@pytest.mark.parametrize("name", NAMES)
def test_golden_files_hold_their_codes(name: str) -> None:
    data = (GOLDEN / f"{name}.aec").read_bytes()
    codes, codec = np.load(GOLDEN / f"{name}.npy"), registry.codec_of(data)
    assert (codec.decoder.codes(data) == codes).all()
    header, payload = container.unpack(data)
    level = codec.decoder.level(data)
    integers = np.zeros((*shape_of(codec.spec, header), codec.spec.code_shape[-1]), np.int8)
    codec.spec.level(level).spread(codes, integers)
    symbols_of = partial(rounded, codec.spec.level(level))
    assert segments.encode(codec.folder.prior(level), symbols_of, integers) == payload
    assert container.pack(header, payload) == data
    assert np.asarray(aecodec.decompress(data)).size > 0


def test_the_specification_shows_a_real_file(codec: Codec) -> None:
    text = FORMAT.read_text("utf-8")
    data = (GOLDEN / "digit3.aec").read_bytes()
    assert f"\n    {data.hex(' ')}\n" in text
    codes = " ".join(str(code) for code in codec.decoder.codes(data)[0])
    assert f"\n    {codes}\n" in text
