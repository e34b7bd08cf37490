"""The conventions of a pair for pixels are found by trial, and a pair without any is rejected."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

from aecodec import AecodecWarning, ModelError
from aecodec.export.convention_trial import Run, find_conventions
from aecodec.export.conventions import NORMALIZED, Convention, Ends
from aecodec.export.model_hints import BYTES, SIGNED, UNIT, ModelHints

RNG = np.random.default_rng(0)
MIDDLE = RNG.uniform(0.1, 0.9, (6, 4, 3)).astype(np.float32)
IMAGES = MIDDLE + RNG.uniform(-0.1, 0.1, (40, *MIDDLE.shape)).astype(np.float32)
IMAGENET, CAFFE = NORMALIZED[3]


def pair_with(entry: Convention, exit_: Convention | None = None) -> Run:
    """A pair that only knows pictures like its own: it restores others badly."""

    def run(values: np.ndarray) -> np.ndarray:
        pixels = entry.to_pixels(values, (len(values), *MIDDLE.shape))
        return (exit_ or entry).from_pixels(pixels.clip(MIDDLE - 0.1, MIDDLE + 0.1))

    return run


@pytest.mark.parametrize(
    "entry",
    [
        Convention(),
        Convention(SIGNED),
        Convention(BYTES, is_bgr=True),
        Convention(IMAGENET),
        Convention(CAFFE, is_bgr=True),
        Convention(UNIT, is_planar=True),
        Convention(IMAGENET, is_bgr=True, is_planar=True),
    ],
    ids=str,
)
@pytest.mark.parametrize("is_mixed", [False, True])
def test_the_conventions_of_a_pair_are_found(entry: Convention, is_mixed: bool) -> None:
    ends = Ends(entry, Convention() if is_mixed else entry)
    is_usual = ends == (Convention(), Convention())
    with nullcontext() if is_usual else pytest.warns(AecodecWarning, match="--pixel-range|--mean"):
        assert find_conventions(pair_with(*ends), IMAGES, ModelHints(), (True, True)) == ends
    stated = ModelHints(
        pixel_ranges=(ends[0].pixel_range, ends[1].pixel_range),
        are_bgr=(ends[0].is_bgr, ends[1].is_bgr),
        are_planar=(ends[0].is_planar, ends[1].is_planar),
    )
    assert find_conventions(pair_with(*ends), IMAGES, stated, (True, True)) == ends


@pytest.mark.parametrize(
    "convention",
    [Convention(SIGNED), Convention(CAFFE, is_bgr=True), Convention(IMAGENET, is_planar=True)],
    ids=str,
)
def test_layers_convert_pixels_as_arrays(convention: Convention) -> None:
    images, model = keras.Input(MIDDLE.shape), keras.Sequential()
    values = convention.read(images, (72,), model)
    pixels = convention.write(layers.Reshape(MIDDLE.shape)(values), MIDDLE.shape, model)
    expected = convention.from_pixels(IMAGES).reshape(len(IMAGES), -1)
    assert np.allclose(keras.Model(images, values)(IMAGES), expected, atol=1e-4)
    assert np.allclose(keras.Model(images, pixels)(IMAGES), IMAGES, atol=1e-5)


def test_a_wrong_statement_is_rejected_with_the_right_one() -> None:
    run = pair_with(Convention(SIGNED))
    stated = ModelHints(pixel_ranges=(UNIT, UNIT), are_bgr=(True, True))
    advice = r"use --pixel-range=-1\.\.1 --channel-order rgb, or use --force"
    with pytest.raises(ModelError, match=advice):
        find_conventions(run, IMAGES, stated, (False, False))
    with pytest.warns(AecodecWarning, match="rgb if the models"):
        forced = find_conventions(run, IMAGES, replace(stated, force=True), (False, False))
    assert forced.entry == Convention(is_bgr=True)


def test_swapped_sides_of_vectors_are_rejected_with_the_right_shape() -> None:
    run, images = pair_with(Convention()), IMAGES.swapaxes(1, 2)
    with pytest.raises(ModelError, match="swapped sides: use --image-shape 4x6x3"):
        find_conventions(run, images, ModelHints(), (True, True))
    find_conventions(run, images, ModelHints(force=True), (True, True))


def test_a_slightly_better_range_than_the_stated_one_is_named() -> None:
    noise, stated = RNG.normal(size=IMAGES.shape), ModelHints(pixel_ranges=(UNIT, UNIT))
    with pytest.warns(AecodecWarning, match=r"use --pixel-range=0\.\.255 if the models"):
        kept = find_conventions(
            lambda x: x + noise * (0.1 * x.std() + 0.0024), IMAGES, stated, (False, False)
        )
    assert kept == Ends(Convention(), Convention())
    hints = ModelHints(are_bgr=(True, True))  # RGB is equally good
    assert find_conventions(lambda x: x, IMAGES, hints, (False, False)).entry.is_bgr
