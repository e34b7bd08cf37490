"""Files of every released version are read, to the very codes, for ever."""

from pathlib import Path

import pytest
from helpers.codecs.golden import GOLDEN, INTACT, codec_of, digests, listed, refused

from aecodec.base.errors import CodecError, FormatError
from aecodec.format.container import MetadataKind
from aecodec.format.limits import UNLIMITED
from aecodec.imaging.stacks import without_names

FORMAT = Path(__file__).parents[2] / "docs" / "FORMAT.md"
DIGESTS = listed()


@pytest.mark.parametrize("name", DIGESTS)
def test_golden_files_hold_what_the_list_says(name: str) -> None:
    data = (GOLDEN / f"{name}.aec").read_bytes()
    assert digests(data) == DIGESTS[name]


@pytest.mark.parametrize(("name", "data"), refused().items(), ids=refused())
def test_files_that_break_a_rule_are_refused(name: str, data: bytes) -> None:
    for read in ("check", "decompress_picture"):
        with pytest.raises(CodecError if name in INTACT else FormatError):
            getattr(codec_of(data).decoder, read)(data, UNLIMITED)
    assert f"`{name}`" in FORMAT.read_text("utf-8")


def test_names_come_back_beside_the_xmp() -> None:
    data = (GOLDEN / "tiles_names.aec").read_bytes()
    assert b"\x03\x04<x/>\x06\x0ba.png/b.png\x07\x00" in data
    picture, names = without_names(codec_of(data).decoder.decompress_picture(data))
    assert (names, picture.metadata) == (["a.png", "b.png"], {MetadataKind.XMP: b"<x/>"})
    assert picture.pixels.shape[-1] == 3
