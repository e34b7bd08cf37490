"""Radio messages: the first is a picture, layers improve it, and losses cost only detail."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from helpers.documents import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aecodec import AecodecWarning, FormatError, UsageError, load_codec, messages, metrics
from aecodec.arrays import Pixels
from aecodec.coding import enhancement
from aecodec.coding.enhancement import Intervals

PHOTO = Image.open(ROOT / "web" / "coffee.jpg").convert("RGB").resize((96, 64))
CODEC = load_codec("photo")

LAYER = bytes.fromhex(
    "b2416ca12c84e67022131df89d7696a1502b7f6b37fe53acfdb18668b22fb79158dfa023f94c4a2e"
    "efd9ddfa72e03683e064bdb323b9f18c67fd22c58db3a2434c756a64ae495e8cc366c7303e4f7e74"
    "ba90b6d7705418ed9f15fd10c4c02bf47b5477c3f5679ada6c686e5cbfa1ef9e8db831665967c289"
    "c55117bec35cc83814dc2cba9135ae07e775a4711c5df14206604794d6573771555127b71e27f024"
    "636aafbd379919d852f90951cfce436da031f302d710eba4b0ae2cac3c0fc779d7447d3c91bff240"
    "acbea3266328d3160b3c47a6d3bae3a692856f61170c62f945d85a36b57ff29db584aedf12f9c026"
    "e8250ce70866e7d18e1f337b9b4ed03efd25b1b949a13a221df1efdd3ea39f03a163e045b3d67d8a"
    "4f91"
)
DIGEST = "91756f50b823d4f6c47bed58c5e14f0ed95a939f35e0a61663fe0e1ca075bf53"


@cache
def known() -> dict[str, bytes]:
    """Messages by their names: 1 to 3 are those of the photograph."""
    first, second, third = messages.encode(PHOTO, 150, 3, checksum=True)
    frames = CODEC.compress(np.zeros((2, 32, 32, 3), np.uint8))
    return {
        **{"1": first, "2": second, "3": third, "empty": b"", "cut": first[:-1]},
        "damaged": second[:20] + b"?" + second[21:],
        "other": messages.encode(PHOTO.rotate(90, expand=True), 150, 2, checksum=True)[1],
        "first of another": messages.encode(PHOTO, 100, checksum=True)[0],
        "frames": CODEC.to_bare(frames, checksum=True),
    }


def decoded(*received: str) -> Pixels:
    return np.asarray(messages.decode([known()[name] for name in received], checksum=True))


def test_layers_add_detail() -> None:
    assert all(len(known()[name]) <= 150 for name in "123")
    original = np.asarray(PHOTO)
    pictures = [decoded(*names) for names in ("1", "12", "123")]
    psnrs = [metrics.psnr(metrics.mse(original, picture)) for picture in pictures]
    assert psnrs[0] + 1 < psnrs[1] < psnrs[2] - 0.3, psnrs
    assert (decoded(*"321123") == pictures[2]).all()  # in any order, and repeated


@pytest.mark.parametrize(
    ("received", "text"),
    [
        (("1", "3"), "message 2 .* not received"),
        (("1", "damaged", "3"), "message 2 .* checksum"),
        (("1", "other"), "message 2 .* checksum"),
    ],
)
def test_lost_layers_cost_detail_only(received: tuple[str, ...], text: str) -> None:
    with pytest.warns(AecodecWarning, match=text):
        assert (decoded(*received) == decoded("1")).all()


def test_damaged_repetitions_are_ignored() -> None:
    """Also layers of another picture, if messages have checksums."""
    sent = [known()[name] for name in "123"]
    damaged = [bytes([*message[:-1], message[-1] ^ 1]) for message in sent]
    image = messages.decode([*damaged, known()["other"], *sent], checksum=True)
    assert (np.asarray(image) == decoded(*"123")).all()


def test_layers_with_a_level_that_is_not_finer_are_not_used() -> None:
    first, layer = (known()[name][:-1] for name in "12")
    repeated = b"\xe2" + layer[1:]
    with pytest.warns(AecodecWarning, match=r"message 3 .* no layer after level"):
        messages.decode([first, layer, repeated])


def test_messages_that_are_not_valid_cost_nothing_else() -> None:
    plain = [bytearray(message[:-1]) for message in (known()["1"], known()["2"])]
    picture = messages.decode([b"", *plain, b"no message"])
    assert (np.asarray(picture) == decoded("1", "2")).all()
    with pytest.raises(UsageError, match="a list of messages"):
        messages.decode(known()["1"])  # type: ignore[arg-type]


def test_other_codecs_have_one_message() -> None:
    digits, picture = load_codec("digits"), PHOTO.convert("L").resize((28, 28))
    sent = messages.encode(picture, codec=digits)
    assert messages.decode(sent, digits).size == (28, 28)
    with pytest.raises(UsageError, match="use codec photo"):
        messages.decode([*sent, known()["2"]], digits)


def test_max_bytes_counts_first_bytes_and_checksums() -> None:
    sizes = list(map(len, messages.encode(PHOTO, 137, 2, checksum=True)))
    assert len(sizes) == 2
    assert max(sizes) <= 137  # the next level needs 138 bytes


def test_small_messages_contain_a_preview() -> None:
    [message] = messages.encode(PHOTO, 40, 3)
    assert (message[0], len(message) <= 40, messages.decode([message]).size) == (
        0xF0,
        True,
        (256, 168),
    )


def test_the_ratio_of_long_pictures_is_kept() -> None:
    [message] = messages.encode(np.zeros((240, 6, 3), np.uint8), 60)
    assert messages.decode([message]).size == (6, 240)


@pytest.mark.parametrize(
    ("received", "text"),
    [
        ("", "0 messages contain"),
        ("23", "first message .* missing"),
        (("1", "first of another"), "2 messages contain"),
        (("frames",), "2 pictures"),
        (("frames", "2"), "2 pictures"),
        (("empty",), "checksum"),
        (("cut",), "checksum"),
    ],
)
def test_pictures_without_first_message_are_rejected(received: Sequence[str], text: str) -> None:
    with pytest.raises(FormatError, match=text):
        decoded(*received)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"max_bytes": 10}, "11 bytes or more"),
        ({"count": 17}, "1 to 16"),
        ({"count": 2, "codec": load_codec("digits")}, "use codec photo"),
        ({"image": np.zeros((2, 32, 32, 3), np.uint8)}, "one picture, not 2"),
    ],
)
def test_wrong_options_are_rejected(options: dict[str, object], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        messages.encode(**{"image": PHOTO, **options})  # type: ignore[arg-type]


@settings(max_examples=30, deadline=None)
@given(layer=st.binary(max_size=60), level=st.sampled_from([16, 40, 100, 128, 200]))
def test_any_bytes_are_a_layer_or_an_error(layer: bytes, level: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AecodecWarning)
        image = messages.decode([known()["1"][:-1], bytes([0xE1, level]) + layer])
    assert image.size == PHOTO.size


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 99),
    spread=st.sampled_from([0.3, 2.0, 40.0]),
    levels=st.tuples(st.integers(16, 127), st.integers(1, 60)),
)
def test_codes_of_a_layer_survive(seed: int, spread: float, levels: tuple[int, int]) -> None:
    indices = levels[0], min(sum(levels), 128)
    coarse, fine = (CODEC.spec.level(index / 16) for index in indices)
    noise = np.random.default_rng(seed).laplace(0, spread, (6, fine.code_dimension))
    latents = noise.clip(-128, 127).round().astype(np.int8)
    allowed = Intervals.of(coarse.quantize(latents), coarse, fine)
    prior = CODEC.folder.prior(indices[1] / 16)
    message, codes = enhancement.encode(prior, fine.quantize(latents), allowed, (1, 2, 3))
    assert (enhancement.decode(prior, message, allowed, (1, 2, 3)) == codes).all()
    fine.check(codes)


def test_released_layers_stay_readable() -> None:
    codec = load_codec("photo-2")
    coarse, fine = codec.spec.level(2), codec.spec.level(3.5)
    pattern = np.arange(4 * fine.code_dimension) % 13 - 6
    codes = np.where(abs(pattern) > 3, 0, pattern).astype(np.int16).reshape(4, -1)
    allowed = Intervals.of(codes, coarse, fine)
    finer = enhancement.decode(codec.folder.prior(3.5), LAYER, allowed, (1, 2, 2))
    assert hashlib.sha256(finer.astype("<i2").tobytes()).hexdigest() == DIGEST
