"""Make golden files that are not there yet, and the worked example of `docs/FORMAT.md`.

    python tests/golden/make.py

Files that exist stay as they are: released files must be read for ever. Those of a codec that
replaces one that shipped get names of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

import made_up
import numpy as np
import refused
from helpers.codecs.golden import GOLDEN, REFUSED, Digests, codec_of, digests
from PIL import Image
from sklearn.datasets import load_sample_image
from trace_of_photo import Trace

import aecodec
from aecodec.arrays import Pixels
from aecodec.data.samples import sample_paths
from aecodec.entropy.prior_selection import select
from aecodec.format import container
from aecodec.format.container import NOT_REDUCED
from aecodec.imaging.picture import from_array

FORMAT = GOLDEN.parents[1] / "docs" / "FORMAT.md"
EXAMPLE = "digit3"
PHOTO = "photo2"
"""Beginning of the names of the files that the codec `photo` makes which ships now."""


def files() -> Iterator[tuple[str, bytes]]:
    """Each golden file's name and content."""
    digit_codec, photo_codec = map(aecodec.load_codec, ("digits", "photo"))
    yield from files_of(digit_codec, digits())
    yield from files_of(photo_codec, photographs())
    yield "digit_escapes", made_up.escapes(digit_codec, 3, columns=1)
    yield f"{PHOTO}_escapes", made_up.escapes(photo_codec, 8, columns=3)
    yield f"{PHOTO}_metadata", with_metadata(photo_codec)
    yield from made_up.files()


def with_metadata(codec: aecodec.Codec) -> bytes:
    """A photograph one tile wide, with a profile, EXIF, XMP and an origin."""
    photograph = load_sample_image("china.jpg")[150:283, 200:210]
    picture = replace(
        from_array(photograph), metadata=made_up.all_metadata(), origin=made_up.ORIGIN
    )
    return codec.encoder.compress(picture, level=4, metadata=True)


def files_of(
    codec: aecodec.Codec, pictures: Iterator[tuple[str, Pixels, float | None, int]]
) -> Iterator[tuple[str, bytes]]:
    for name, pixels, level, reduction in pictures:
        picture = from_array(pixels)
        header = replace(codec.encoder.header(picture), reduction=reduction)
        yield name, codec.encoder.encode(picture, header).to_bytes(level)


def digits() -> Iterator[tuple[str, Pixels, float | None, int]]:
    """(name, pixels, level, reduction) of each golden file of the codec `digits`."""
    digits = np.stack([np.asarray(Image.open(path)) for path in sample_paths()])
    photograph = load_sample_image("china.jpg")[150:195, 200:250]
    alpha = np.tile(np.arange(50, dtype=np.uint8), (45, 1))
    yield EXAMPLE, digits[3], None, NOT_REDUCED
    yield "digit3_level1", digits[3], 1, NOT_REDUCED
    yield "digit3_level3", digits[3], 3, NOT_REDUCED
    yield "stack", digits, None, NOT_REDUCED
    yield "grey_with_alpha", np.dstack([photograph[..., 0], alpha]), 3, NOT_REDUCED
    yield "colour", photograph, 3, NOT_REDUCED
    yield "colour_with_alpha", np.dstack([photograph, alpha]), 1, NOT_REDUCED
    yield "reduced", photograph, None, 3
    yield "grey_as_rgb", np.repeat(photograph[..., :1], 3, axis=-1), None, NOT_REDUCED


def photographs() -> Iterator[tuple[str, Pixels, float | None, int]]:
    """(name, pixels, level, reduction) of each golden file of the codec `photo`."""
    photograph = load_sample_image("china.jpg")[150:247, 200:333]
    alpha = np.tile(np.arange(133, dtype=np.uint8), (97, 1))
    yield PHOTO, photograph, None, NOT_REDUCED
    yield f"{PHOTO}_grey_between_levels", photograph[..., 1], 2.5, NOT_REDUCED
    yield f"{PHOTO}_with_alpha", np.dstack([photograph, alpha]), 8, NOT_REDUCED
    yield f"{PHOTO}_stack", np.stack([photograph, photograph[::-1]]), 1, NOT_REDUCED
    yield f"{PHOTO}_reduced", photograph, 1, 5
    yield f"{PHOTO}_one_tile_high", photograph[:10], 5, NOT_REDUCED


def write_golden_file(name: str, data: bytes) -> None:
    if (GOLDEN / f"{name}.aec").exists():
        return
    (GOLDEN / f"{name}.aec").write_bytes(data)
    np.save(GOLDEN / f"{name}.npy", codec_of(data).decoder.codes(data))


def write_digests() -> None:
    """List the digests of all golden files in the specification, and why others are refused."""
    found = {path.stem: digests(path.read_bytes()) for path in sorted(GOLDEN.glob("*.aec"))}
    parts = "".join(digests_of(kind, title, found) for kind, title in DIGESTS.items())
    write_part("digests", parts)
    rows = "".join(f"| `{name}` | {reason} |\n" for name, reason in refused.REASONS.items())
    write_part("refused", f"\n| file | why |\n|---|---|\n{rows}")


def digests_of(kind: str, title: str, found: dict[str, Digests]) -> str:
    rows = {name: getattr(each, kind) for name, each in found.items() if getattr(each, kind)}
    lines = "".join(f"    {digest} {name}\n" for name, digest in rows.items())
    return f"\n{title} {kind}:\n\n{lines}"


def write_part(name: str, content: str) -> None:
    """Write the part of the specification between two comments."""
    text, mark = FORMAT.read_text("utf-8"), f"<!-- {name} -->\n"
    before, _, after = text.split(mark)
    FORMAT.write_text(f"{before}{mark}{content}\n{mark}{after}", "utf-8")


DIGESTS = {
    "codes": "SHA-256 over (N, K) int16, little-endian, in the order of section 2, by channel, of all",
    "latents": "SHA-256 over int8 (planes, rows, columns, `code_shape`), with all channels, of the decoder network's input, the",
    "pixels": """SHA-256 over uint8 (frames, height, width, channels), with alpha last and ` RGB` of section 8 applied, of the decoded pictures of golden
codecs, the""",
}


def write_example(codec: aecodec.Codec) -> None:
    write_part("example", example(codec))


def example(codec: aecodec.Codec) -> str:
    data = (GOLDEN / f"{EXAMPLE}.aec").read_bytes()
    _, payload = container.unpack(data)
    codes = codec.decoder.codes(data)
    prior = codec.folder.prior()
    selected = int(select(prior, codes)[0])
    return f"""
The sample digit 3 (`aecodec/data/samples/digit3.png`) at the default level of the codec `digits`, {len(data)} bytes:

    {data.hex(" ")}

| bytes | meaning |
|---|---|
| `{data[:2].hex(" ")}` | magic |
| `{data[2:3].hex()}` | version 1 |
| `{data[3:7].hex(" ")}` | codec id of `digits` |
| `{data[7:8].hex()}` | flags: mode L, no optional fields, so 28x28 pixels, level {codec.spec.default_level}, one frame |
| `{payload.hex(" ")}` | payload |
| `{data[-4:].hex(" ")}` | CRC-32 |

The file has one tile and one vector with {codes.shape[1]} codes. The first symbol is the prior index, {selected} of 0..{prior.priors - 1}. The codes follow under that prior, in the
context network's order of channels:

    {" ".join(str(code) for code in codes[0, prior.order])}

No code is escaped. In the order of channels, the codes are

    {" ".join(str(code) for code in codes[0])}
"""


if __name__ == "__main__":
    for each in files():
        write_golden_file(*each)
    REFUSED.mkdir(exist_ok=True)
    for name, content in refused.files():
        (REFUSED / f"{name}.aec").write_bytes(content)
    write_digests()
    write_part("trace", Trace().text())
    write_example(aecodec.load_codec("digits"))
