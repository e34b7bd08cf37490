"""Files of every released version are read, to the very codes, for ever."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from enlargement import enlarged, nearest
from helpers.codecs.golden import GOLDEN, REFUSED, codec_of, digests, listed
from PIL import Image

import aecodec
from aecodec import Codec
from aecodec.codec.geometry import vector_shape
from aecodec.coding.message_coder import PriorCoder
from aecodec.coding.payload import encode_payload
from aecodec.engine.choice import engine_name
from aecodec.entropy.symbols import FixedSymbols
from aecodec.errors import FormatError
from aecodec.format import container
from aecodec.format.container import MetadataKind
from aecodec.format.limits import UNLIMITED
from aecodec.imaging.picture import to_array
from aecodec.imaging.stacks import without_names

ROOT = Path(__file__).parents[2]
FORMAT = ROOT / "docs" / "FORMAT.md"
PHOTOS = {"photo": "5f03dacc", "photo2": "651442dd"}
"""Ids of the codecs `photo`, the one that ships last, by the beginning of their files' names."""

CODEC_IDS = {"digits": "0881441f", "photo": list(PHOTOS.values())[-1]}

PHOTO_ENDINGS = (
    "",
    "_grey_between_levels",
    "_with_alpha",
    "_stack",
    "_reduced",
    "_one_tile_high",
    "_metadata",
    "_escapes",
)

NAMES = [
    "digit3",
    "digit3_level1",
    "digit3_level3",
    "stack",
    "grey_with_alpha",
    "colour",
    "colour_with_alpha",
    "reduced",
    "grey_as_rgb",
    "digit_escapes",
    "grid",
    "grid_without_context",
    "grid_without_spatial_context",
    "grid_one_tile_high",
    "grid_one_tile_wide",
    "grid_frames",
    "grid_grey_reduced",
    "grid_reduced",
    "grid_segments",
    "grid_enlarged",
    "grid_groups",
    "tiles",
    "tiles_without_context",
    "tiles_of_one_size",
    "tiles_colour_frames",
    "tiles_names",
    "even",
    "even_padded",
    "tiles_escapes",
    "tiles_parts",
    *(f"{photo}{ending}" for photo in PHOTOS for ending in PHOTO_ENDINGS),
]


@pytest.mark.parametrize("name", NAMES)
def test_golden_files_hold_their_codes(name: str) -> None:
    data = (GOLDEN / f"{name}.aec").read_bytes()
    codes, codec = np.load(GOLDEN / f"{name}.npy"), codec_of(data)
    assert (codec.decoder.codes(data) == codes).all()
    header, payload = container.unpack(data)
    level = codec.decoder.level_of(data)
    array = codes.reshape(*vector_shape(codec.spec, header), -1)
    coder = PriorCoder(codec.folder.prior(level), codec.spec.level(level), _as_they_are)
    assert encode_payload(coder, array) == payload
    assert container.pack(header, payload) == data
    assert codec.decompress_frames(data).size > 0


@pytest.mark.skipif(engine_name() != "c", reason="the core is not installed")
@pytest.mark.parametrize("line", (GOLDEN / "pixels.sha256").read_text().splitlines())
def test_the_core_gives_the_same_pixels_on_every_machine(line: str) -> None:
    digest, name = line.split()
    data = (GOLDEN / f"{name}.aec").read_bytes()
    pixels = to_array(codec_of(data).decoder.decode(data, UNLIMITED))
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == digest


def _as_they_are(codes: np.ndarray) -> FixedSymbols:
    return FixedSymbols(codes.reshape(-1, codes.shape[-1]))


@pytest.mark.parametrize("name", NAMES)
def test_the_specification_lists_what_golden_files_hold(name: str) -> None:
    data = (GOLDEN / f"{name}.aec").read_bytes()
    assert digests(data) == dict(listed(FORMAT.read_text("utf-8")))[name]


@pytest.mark.parametrize("path", sorted(REFUSED.glob("*.aec")), ids=lambda path: path.stem)
def test_files_that_break_a_rule_are_refused(path: Path) -> None:
    data = path.read_bytes()
    with pytest.raises(FormatError):
        codec_of(data).decoder.check(data)
    assert f"\n| `{path.stem}` |" in FORMAT.read_text("utf-8")


def test_every_golden_file_is_read() -> None:
    assert sorted(NAMES) == sorted(path.stem for path in GOLDEN.glob("*.aec"))


@pytest.mark.parametrize(("name", "codec_id"), PHOTOS.items())
def test_the_files_of_every_codec_for_photographs_are_kept(name: str, codec_id: str) -> None:
    header, _ = container.unpack((GOLDEN / f"{name}.aec").read_bytes())
    assert header.codec_id.hex() == codec_id


def test_grey_channels_that_were_three_come_back_as_three() -> None:
    data = (GOLDEN / "grey_as_rgb.aec").read_bytes()
    image = aecodec.decompress(data)
    assert (aecodec.read_header(data).mode.name, image.mode) == ("L", "RGB")
    assert b"<?aec RGB?>" in data


def test_names_come_before_the_instruction_and_off_the_xmp() -> None:
    data = (GOLDEN / "tiles_names.aec").read_bytes()
    assert b"<x/><?aec-names a.png/b.png?><?aec RGB?>" in data
    picture, names = without_names(codec_of(data).decoder.decode(data))
    assert (names, picture.metadata) == (["a.png", "b.png"], {MetadataKind.XMP: b"<x/>"})
    assert picture.pixels.shape[-1] == 3


@pytest.mark.parametrize("name", ["grid_enlarged", "grid_reduced"])
def test_the_enlargement_without_pillow_is_that_of_the_decoder(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = (GOLDEN / f"{name}.aec").read_bytes()
    expected = codec_of(data).decompress_frames(data)
    monkeypatch.setattr(Image.Image, "resize", _resized)
    assert (codec_of(data).decompress_frames(data) == expected).all()


def _resized(plane: Image.Image, size: tuple[int, int], _: object) -> np.ndarray:
    return enlarged(np.asarray(plane), size, nearest)


def test_the_specification_shows_a_real_file(codec: Codec) -> None:
    text = FORMAT.read_text("utf-8")
    data = (GOLDEN / "digit3.aec").read_bytes()
    assert f"\n    {data.hex(' ')}\n" in text
    codes = " ".join(str(code) for code in codec.decoder.codes(data)[0])
    assert f"\n    {codes}\n" in text


@pytest.mark.parametrize(("name", "codec_id"), CODEC_IDS.items())
def test_codecs_that_ship_keep_their_ids(name: str, codec_id: str) -> None:
    assert aecodec.load_codec(name).spec.codec_id.hex() == codec_id
