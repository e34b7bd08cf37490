"""The sample picture of the page, with its compressed file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from aecodec.codec.codec import Codec
from aecodec.data.samples import sample_paths
from aecodec.image_files.reading import read_image
from aecodec.imaging.picture import Picture

PHOTOGRAPH = Path(__file__).parent / "coffee.jpg"
"""The sample photograph, 600x400 pixels: `coffee.png` of scikit-image as JPEG, by Rachel Michetti
(Pikolo Espresso Bar), who gave it to the public domain (CC0)."""


def sample_files(codecs: Sequence[Codec]) -> dict[str, bytes]:
    """The files of the sample picture, by name: the photograph if a codec takes it, else a digit.

    The picture has a compressed file at the default level, so that a first visit does not need an
    encoder. `index.json` describes it, or is null if it suits none of the page's codecs.
    """
    for path in (PHOTOGRAPH, sample_paths()[3]):
        picture = read_image(path)
        if codec := next((codec for codec in codecs if _takes(codec, picture)), None):
            name = codec.spec.codec_id.hex()
            return {
                path.name: path.read_bytes(),
                f"{path.name}.aec": codec.compress(picture),
                "index.json": json.dumps({"picture": path.name, "codec": name}).encode(),
            }
    return {"index.json": b"null"}


def _takes(codec: Codec, picture: Picture) -> bool:
    spec = codec.spec
    is_tile = spec.tile == picture.size[::-1]
    return codec.folder.compresses and not spec.bands and (spec.receptive_field > 0 or is_tile)
