"""Pairs for any size become codecs that restore pictures of every size, or are rejected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from helpers.commands import Command
from helpers.networks.pairs import Pair
from keras import layers

from aecodec import AecodecWarning, Codec, ModelError
from aecodec.base.arrays import Pixels
from aecodec.export.from_keras import codec_from_keras
from aecodec.export.model_hints import UNIT, ModelHints
from aecodec.prior_fitting.fitting import PriorOptions

SIZES = ((1, 1), (24, 24), (37, 53), (96, 64), (111, 7), (200, 301))


def codec_of(pair: Pair, photograph: Pixels, folder: Path) -> Codec:
    tiles = [photograph[y : y + 48, x : x + 48] for y in range(0, 370, 90) for x in (0, 240, 500)]
    np.save(folder / "tiles.npy", np.stack(tiles))
    hints = ModelHints(pixel_ranges=(UNIT, UNIT), tile=48, force=True)
    options: Any = {"levels": 1, "priors": PriorOptions(1, 0), "hints": hints, "name": "any"}
    return codec_from_keras(pair, folder / "tiles.npy", folder / "any", **options)


def convolutions(hidden: str) -> Pair:
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
        ("halves", "the decoder fails for an input of 33x33 .*do not downsample the codes"),
        ("sees all", "see the whole picture"),
        ("shrinks", "does not accept a picture of 1x1 pixels: use padding in the"),
    ],
)
def test_a_pair_for_some_sizes_is_rejected(
    hidden: str, message: str, photograph: Pixels, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=message):
        codec_of(convolutions(hidden), photograph, tmp_path)
    assert not (tmp_path / "any").exists()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras's, which `warns` raises again
def test_pictures_of_every_size_are_restored(photograph: Pixels, tmp_path: Path) -> None:
    images, codes = keras.Input((None, None, 3)), keras.Input((None, None, 6))
    hidden = layers.MaxPooling2D(2)(layers.DepthwiseConv2D(5, padding="same")(images))
    latents = layers.Conv2D(6, 3, 3, padding="same", activation="mish")(hidden)
    hidden = layers.Conv2DTranspose(8, 5, 3, padding="same", activation="relu")(codes)
    padded = keras.ops.pad(hidden, [[0, 0], [1, 1], [1, 1], [0, 0]], "reflect")
    hidden = layers.Concatenate()([hidden, layers.Conv2D(8, 3)(padded)])
    pixels = layers.Conv2D(3, 3, padding="same")(layers.UpSampling2D(2)(hidden[..., 2:12]))
    pair = keras.Model(images, latents), keras.Model(codes, layers.Activation("sigmoid")(pixels))
    with pytest.warns(AecodecWarning, match="their mean colour reaches .* train longer"):
        codec = codec_of(pair, photograph, tmp_path)
    for height, width in SIZES:
        picture = photograph[:height, :width]
        decoded = codec.decompress_frames(codec.compress(picture))
        assert decoded.shape[1:3] == (height, width)


@pytest.mark.usefixtures("fast_compiler")
def test_c_is_exported_for_a_size(
    convolutional_codec: Codec, photograph: Pixels, command: Command
) -> None:
    assert convolutional_codec.spec.receptive_field == 2  # as the layers imply
    np.save("photographs.npy", photograph[None, :128, :320, 1])
    codec = convolutional_codec.folder.path
    options = ("--format", "c", "--size", "64x32", "--calibrate", "photographs.npy")
    assert command("export", codec, "-o", "out", *options).status == 0
    assert command("verify", "--device", "out", "--codec", codec, "photographs.npy").status == 0


@pytest.mark.parametrize("size", ["0x4", "4", "64x33", "4x4x4"])
def test_a_size_without_two_sides_is_refused(
    convolutional_codec: Codec, command: Command, size: str
) -> None:
    codec = convolutional_codec.folder.path
    done = command("export", codec, "-o", "out", "--format", "c", "--size", size)
    assert (done.status, "use WIDTHxHEIGHT" in done.err) == (2, True)
