"""Pictures through the codec `digits`: exact codes, right sizes, clear refusals."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import call
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import aecodec
import aecodec.pillow
from aecodec import Codec, CodecError, metrics
from aecodec.base.arrays import Pixels
from aecodec.codec.registry import BUILT_IN
from aecodec.imaging.array_pictures import from_array
from aecodec.imaging.tiling import split, to_planes


def assert_round_trip(codec: Codec, array: Pixels, level: int | None = None) -> Pixels:
    """Codes are exact, and the shape comes back; returns the pixels."""
    data = codec.compress(array, level=level)
    tiles = split(to_planes(from_array(array).pixels, codec.spec.channels), codec.spec.tile)
    assert (codec.decoder.codes(data) == codec.encoder.codes(tiles, level)).all()
    restored = codec.decompress_frames(data)
    is_batch = array.ndim == 4 or (array.ndim == 3 and array.shape[2] > 4)
    assert restored.shape == (array.shape if is_batch else (1, *array.shape))
    assert restored.dtype == np.uint8
    return restored if is_batch else restored[0]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_digits(codec: Codec, samples: Pixels, level: int) -> None:
    for digit in samples:
        assert metrics.psnr(metrics.mse(digit, assert_round_trip(codec, digit, level))) > 16
    restored = assert_round_trip(codec, samples, level)
    assert metrics.psnr(metrics.mse(samples, restored)) > 18 + level


@pytest.mark.parametrize(
    "shape",
    [(1, 1), (28, 29), (1, 300), (300, 1), (17, 33, 3), (28, 28, 3), (3, 40, 30), (2, 28, 28, 3)],
)
def test_any_size_and_colour(codec: Codec, photograph: Pixels, shape: tuple[int, ...]) -> None:
    wanted = np.resize(photograph, shape)
    assert_round_trip(codec, wanted)


def test_a_plot_has_a_row_for_each_of_the_first_ten_pictures(
    codec: Codec, photo: Codec, samples: Pixels
) -> None:
    rows = np.split(np.asarray(codec.plot(samples[[*range(10), 0]], level=1)), 10)
    np.testing.assert_array_equal(rows[3], np.asarray(codec.plot(samples[3], level=1)))
    pair = np.stack([samples[:2], np.full_like(samples[:2], 255)], axis=-1)
    assert photo.plot(pair).height == 2 * photo.plot(pair[0]).height


def test_each_half_does_its_own(tmp_path: Path, samples: Pixels) -> None:
    data, file = aecodec.compress(samples[0]), tmp_path / "half.aecodec"
    export = ("export", "digits", "--format", "codec", "-o", str(file), "--force", "--half")
    call(*export, "encoder")
    assert aecodec.compress(samples[0], file) == data
    with pytest.raises(CodecError, match=r"half\.aecodec does not contain the decoder"):
        aecodec.decompress(data, file)
    call(*export, "decoder")
    assert aecodec.decompress(data, file) == aecodec.decompress(data)
    with pytest.raises(CodecError, match=r"half\.aecodec does not contain the encoder"):
        aecodec.compress(samples[0], file)


def test_a_codec_is_a_file_or_the_folder_that_has_it(
    copy: Path, samples: Pixels, tmp_path: Path
) -> None:
    file = (copy / "digits.aecodec").rename(tmp_path / "mine.aecodec")
    data = aecodec.compress(samples[0])
    assert aecodec.decompress(data, file) == aecodec.decompress(data)
    with pytest.raises(CodecError, match="copy does not contain a codec: use a file such as"):
        aecodec.load_codec(copy)
    assert aecodec.load_codec(tmp_path).spec.sha256 == aecodec.load_codec("digits").spec.sha256
    shutil.copy(file, tmp_path / "more.aecodec")
    with pytest.raises(CodecError, match=r"several codecs \(mine\.aecodec, more\.aecodec\)"):
        aecodec.load_codec(tmp_path)


def test_a_warning_has_the_line_that_called_aecodec_or_pillow(tmp_path: Path) -> None:
    text = PngInfo()
    text.add_text("Title", "a")
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(path, pnginfo=text)
    image = Image.open(path)
    for save in (lambda: aecodec.compress(path), lambda: image.save(tmp_path / "a.aec")):
        with pytest.warns(aecodec.AecodecWarning) as caught:
            save()
        assert {warning.filename for warning in caught} == {__file__}
    with pytest.warns(aecodec.AecodecWarning):
        exec("compress(path)", {"compress": aecodec.compress, "path": path})  # without __name__


def test_a_used_codec_pickles_as_its_folder(codec: Codec, samples: Pixels) -> None:
    data = codec.compress(samples)
    for used in (codec, codec.encoder, codec.decoder):
        assert len(pickle.dumps(used)) < 2000
        assert repr(pickle.loads(pickle.dumps(used))) == repr(used)
    assert pickle.loads(pickle.dumps(codec)).compress(samples) == data


def test_a_file_that_was_replaced_does_not_unpickle(copy: Path, codec: Codec) -> None:
    pickled = pickle.dumps(aecodec.load_codec(copy))
    shutil.copy(BUILT_IN / "photo" / "photo.aecodec", copy / "digits.aecodec")
    with pytest.raises(CodecError, match="changed after it was pickled"):
        pickle.loads(pickled)
