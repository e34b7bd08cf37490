"""Random pairs for any size become codecs that restore pictures of every size.

`AECODEC_PAIRS=200 pytest -n0 -m slow tests/export/test_any_size.py` tries more of them.
"""

from __future__ import annotations

import os
from pathlib import Path

import keras
import numpy as np
import pytest
from helpers.networks.pairs import Pair
from helpers.networks.random_pairs import random_pair
from keras import layers

from aecodec import Codec, ModelError
from aecodec.arrays import Pixels
from aecodec.export.from_keras import codec_from_keras
from aecodec.export.model_hints import UNIT, ModelHints

PAIRS = int(os.environ.get("AECODEC_PAIRS", "6"))
SIZES = ((1, 1), (24, 24), (37, 53), (96, 64), (111, 7), (200, 301))


def codec_of(pair: Pair, photograph: Pixels, folder: Path) -> Codec:
    channels = pair[0].input_shape[-1]
    corners = [(y, x) for y in range(0, 370, 90) for x in range(0, 590, 90)]
    tiles = [photograph[y : y + 48, x : x + 48, :channels] for y, x in corners]
    np.save(folder / "tiles.npy", np.stack(tiles))
    options = {"tile": 48, "levels": 1, "priors": 1, "context_units": 0}
    hints = ModelHints(pixel_ranges=(UNIT, UNIT))
    return codec_from_keras(
        *pair, folder / "tiles.npy", folder / "any", name="any", hints=hints, **options
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the .* in int8 differs:aecodec.AecodecWarning")  # untrained
@pytest.mark.parametrize("seed", range(PAIRS))
def test_codecs_of_random_pairs_restore_every_size(
    seed: int, photograph: Pixels, tmp_path: Path
) -> None:
    names, pair = random_pair(seed)
    codec = codec_of(pair, photograph, tmp_path)
    for height, width in SIZES:
        picture = photograph[:height, :width, : codec.spec.channels]
        decoded = codec.decompress_frames(codec.compress(picture))
        assert decoded.shape[1:3] == (height, width), names


def convolutions(hidden: str) -> Pair:
    """A pair with tiles of 2x2 pixels, whose decoder has `hidden` layers."""
    images, codes = keras.Input((None, None, 3)), keras.Input((None, None, 4))
    latents = layers.Conv2D(4, 2, 2)(layers.Conv2D(4, 3, padding="same")(images))
    inner = {
        "halves": lambda: layers.Concatenate()(
            [codes, layers.UpSampling2D(2)(layers.MaxPooling2D(2, padding="same")(codes))]
        ),
        "sees all": lambda: codes * layers.GlobalAveragePooling2D(keepdims=True)(codes),
        "shrinks": lambda: layers.ZeroPadding2D(1)(layers.Conv2D(4, 3)(codes)),
    }[hidden]()
    pixels = layers.Conv2DTranspose(3, 2, 2, activation="sigmoid")(inner)
    return keras.Model(images, latents), keras.Model(codes, pixels)


@pytest.mark.parametrize(
    ("hidden", "message"),
    [
        ("halves", "the decoder fails at an input of 33x33 .*layers must not halve the codes"),
        ("sees all", "see the whole picture"),
        ("shrinks", "does not take a picture of 1x1 pixels: pad pictures before"),
    ],
)
def test_a_pair_for_some_sizes_is_rejected(
    hidden: str, message: str, photograph: Pixels, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=message):
        codec_of(convolutions(hidden), photograph, tmp_path)
    assert not (tmp_path / "any").exists()
