"""Make the golden files and the worked example of `docs/FORMAT.md`: python tests/golden/make.py

Only for a format that has not been released: what has been must be read for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image

import aecodec
from aecodec import container
from aecodec.competition import choose
from aecodec.images import from_array
from aecodec.samples import sample_paths

HERE = Path(__file__).parent
FORMAT = HERE.parents[1] / "docs" / "FORMAT.md"
EXAMPLE = "digit3"


def pictures() -> Iterator[tuple[str, np.ndarray[Any, Any], int | None]]:
    """(name, pixels, level) of each golden file."""
    digits = np.stack([np.asarray(Image.open(path)) for path in sample_paths()])
    photograph = load_sample_image("china.jpg")[150:195, 200:250]
    alpha = np.tile(np.arange(50, dtype=np.uint8), (45, 1))
    yield EXAMPLE, digits[3], None
    yield "digit3_level1", digits[3], 1
    yield "digit3_level3", digits[3], 3
    yield "stack", digits, None
    yield "grey_with_alpha", np.dstack([photograph[..., 0], alpha]), 3
    yield "colour", photograph, 3
    yield "colour_with_alpha", np.dstack([photograph, alpha]), 1


def write_golden_files(codec: aecodec.Codec) -> None:
    for name, pixels, level in pictures():
        write_golden_file(codec, name, codec.compress(pixels, level))
    photograph = from_array(load_sample_image("china.jpg")[150:195, 200:250])
    header = replace(codec.encoder.header(photograph), reduction=3)
    write_golden_file(codec, "reduced", codec.encoder.encode(photograph, header).file())


def write_golden_file(codec: aecodec.Codec, name: str, data: bytes) -> None:
    (HERE / f"{name}.aec").write_bytes(data)
    np.save(HERE / f"{name}.npy", codec.decoder.codes(data))


def write_example(codec: aecodec.Codec) -> None:
    before, mark, rest = FORMAT.read_text("utf-8").partition("<!-- example -->")
    after = rest[rest.index("\n## 8.") :]
    FORMAT.write_text(f"{before}{mark}\n{example(codec)}{after}", "utf-8")


def example(codec: aecodec.Codec) -> str:
    data = (HERE / f"{EXAMPLE}.aec").read_bytes()
    _, payload = container.unpack(data)
    codes = codec.decoder.codes(data)
    prior = codec.folder.prior()
    chosen = int(choose(prior, codes)[0])
    return f"""
The sample digit 3 (`aecodec/samples/digit3.png`) at the default level of the codec `digits`, {len(data)} bytes:

    {data.hex(" ")}

| bytes | meaning |
|---|---|
| `{data[:2].hex(" ")}` | magic |
| `{data[2:3].hex()}` | version 1 |
| `{data[3:7].hex(" ")}` | codec id of `digits` |
| `{data[7:8].hex()}` | flags: mode L, no optional fields, so 28x28 pixels, level {codec.spec.default_level}, one frame |
| `{payload.hex(" ")}` | payload |
| `{data[-4:].hex(" ")}` | CRC-32 |

One tile and one vector of {codes.shape[1]} codes. The first symbol is the prior index, {chosen} of
0..{prior.priors - 1}; under that prior, in the context network's order of channels, follow the codes

    {" ".join(str(code) for code in codes[0, prior.order])}

and no escape. In the order of channels they are

    {" ".join(str(code) for code in codes[0])}
"""


if __name__ == "__main__":
    digits_codec = aecodec.load_codec("digits")
    write_golden_files(digits_codec)
    write_example(digits_codec)
