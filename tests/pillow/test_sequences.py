"""Stacks: the pictures of a file as the frames of an image."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.images import saved
from PIL import Image, ImageSequence

import aecodec
from aecodec.arrays import Pixels
from aecodec.codec.decoder_codec import DecoderCodec


@pytest.fixture
def stack(samples: Pixels) -> io.BytesIO:
    """A file of ten digits."""
    return io.BytesIO(aecodec.compress(samples))


def frames_of(image: Image.Image) -> list[Pixels]:
    return [np.asarray(frame) for frame in ImageSequence.Iterator(image)]


def test_frames_are_those_of_decompress_frames(stack: io.BytesIO) -> None:
    image = Image.open(stack)
    assert (image.n_frames, image.is_animated, image.tell()) == (10, True, 0)
    expected = aecodec.decompress_frames(stack.getvalue())
    assert (np.stack(frames_of(image)) == expected).all()
    for number in (7, 2, 2, 9, 0):
        image.seek(number)
        assert image.tell() == number
        assert (np.asarray(image) == expected[number]).all()
    assert (np.asarray(ImageSequence.Iterator(image)[4]) == expected[4]).all()


def test_all_frames_are_decoded_at_once(stack: io.BytesIO, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, decode = [], DecoderCodec.decode
    monkeypatch.setattr(DecoderCodec, "decode", lambda *args: calls.append(1) or decode(*args))
    image = Image.open(stack)
    image.seek(3)
    assert calls == []
    for _ in range(2):
        frames_of(image)
        image.seek(5)
    assert calls == [1]


@pytest.mark.parametrize("number", [-1, 10, 1000])
def test_there_are_no_frames_beyond_the_last(stack: io.BytesIO, number: int) -> None:
    image = Image.open(stack)
    image.seek(6)
    with pytest.raises(EOFError):
        image.seek(number)
    assert image.tell() == 6
    if number > 0:
        with pytest.raises(IndexError):
            ImageSequence.Iterator(image)[number]


def test_a_file_of_one_picture_has_one_frame(digit: Image.Image) -> None:
    image = Image.open(saved(digit))
    image.seek(0)
    assert len(frames_of(image)) == 1
    with pytest.raises(EOFError):
        image.seek(1)


def test_a_frame_that_was_changed_comes_back_as_the_file_has_it(stack: io.BytesIO) -> None:
    image = Image.open(stack)
    before, shared = image.tobytes(), image.im
    image.paste(77, (0, 0, 28, 28))
    image.seek(1)
    image.load()
    assert shared.getpixel((0, 0)) == 77
    image.seek(0)
    assert image.tobytes() == before


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda image: pickle.loads(pickle.dumps(image))]
)
@pytest.mark.parametrize("is_loaded", [False, True])
def test_a_copy_is_the_frame_that_is_shown(
    samples: Pixels, copied: Callable[[Image.Image], Image.Image], is_loaded: bool
) -> None:
    file = io.BytesIO(aecodec.compress(samples))
    image = Image.open(file)
    image.info["xmp"] = b"<x/>"
    image.seek(4)
    if is_loaded:
        image.load()
    same = copied(image)
    assert (same.mode, same.size, same.info) == (image.mode, image.size, {"xmp": b"<x/>"})
    assert same.tobytes() == image.tobytes()
    same.seek(same.tell())
    same.load()
    assert getattr(same, "n_frames", 1) == 1
    image.seek(5)
    assert image.tobytes() != same.tobytes()


def test_save_takes_the_frame_that_is_shown(stack: io.BytesIO) -> None:
    image = Image.open(stack)
    image.seek(7)
    single = Image.open(saved(image))
    assert single.n_frames == 1
    assert single.tobytes() == Image.open(saved(image.copy())).tobytes()
    assert image.tell() == 7


def test_save_all_takes_all_frames(stack: io.BytesIO) -> None:
    image = Image.open(stack)
    image.seek(7)
    file = saved(image, save_all=True, level=3)
    assert file.getvalue() == aecodec.compress(aecodec.decompress_frames(stack.getvalue()), level=3)
    assert image.tell() == 7


def test_images_are_appended_with_all_their_frames(
    digit: Image.Image, stack: io.BytesIO, samples: Pixels
) -> None:
    file = saved(digit, save_all=True, append_images=(digit, Image.open(stack)))
    restored = aecodec.decompress_frames(stack.getvalue())
    expected = np.concatenate([np.stack([samples[3]] * 2), restored])
    assert file.getvalue() == aecodec.compress(expected)


def test_frames_become_alike(picture: Image.Image) -> None:
    frames = [picture.convert(mode) for mode in ("L", "RGB", "RGBA")]
    image = Image.open(saved(frames[0], save_all=True, append_images=frames[1:]))
    assert (image.mode, image.n_frames) == ("RGBA", 3)
    for frame in ImageSequence.Iterator(image):
        assert frame.getchannel("A").getextrema() == (255, 255)


def test_frames_of_several_sizes_are_refused(digit: Image.Image) -> None:
    with pytest.raises(OSError, match=r"differ in size \(28x28, 29x28\)"):
        saved(digit, save_all=True, append_images=[digit.resize((29, 28))])


def test_an_animation_is_saved_whole_or_as_it_is_shown(picture: Image.Image) -> None:
    frames = [picture.rotate(angle) for angle in (0, 120, 240)]
    gif = Image.open(saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=40))
    with pytest.warns(aecodec.AecodecWarning, match="durations of its frames are not kept"):
        whole = Image.open(saved(gif, save_all=True))
    assert whole.n_frames == 3
    gif.seek(1)
    shown = Image.open(saved(gif))
    assert (shown.n_frames, shown.mode) == (1, "RGB")
    whole.seek(1)
    difference = np.asarray(whole, float) - np.asarray(shown, float)
    assert np.abs(difference).mean() < 2


def test_a_stack_of_the_command_line_says_its_names(
    samples: Pixels, tmp_path: Path, command: Callable[..., object]
) -> None:
    for number in (0, 1):
        Image.fromarray(samples[number]).save(tmp_path / f"{number}.png", xmp=b"<x/>")
    command("compress", "--stack", "--metadata", "0.png", "1.png", "-o", "both.aec")
    with Image.open(tmp_path / "both.aec") as image:
        assert (image.n_frames, image.info) == (2, {"names": ["0.png", "1.png"]})
