"""A codec that shipped was replaced: its files are read, by a folder that only decompresses.

The codec `digits` stands for any: in a folder of codecs of its own it is replaced by one with
another default level, and stays as `digits-1`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers.codecs.made_up_codecs import change_spec

import aecodec
from aecodec import Codec, CodecError
from aecodec.arrays import Pixels
from aecodec.cli.shared.options import complete_codec
from aecodec.codec import registry
from aecodec.codec_files.file_names import (
    CODEC_JSON,
    DECODING_FILES,
    RESIDUALS,
    RESIDUALS_OF_BASE,
)
from aecodec.data.codecs import EARLIER

OLD = "digits-1"
OLD_ID = "0881441f"
WHERE = f"aecodec/data/codecs/{OLD} from aecodec's repository"
REAL = registry.BUILT_IN


@pytest.fixture
def replaced(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, codec: Codec
) -> Iterator[Path]:
    """The folder of an installation that ships another codec `digits`, and has the earlier one."""
    folder = tmp_path_factory.mktemp("codecs")
    new = Path(shutil.copytree(REAL / "digits", folder / "digits"))
    change_spec(new, default_level=1)
    (folder / OLD).mkdir()
    for name in (CODEC_JSON, *DECODING_FILES):
        shutil.copy(REAL / "digits" / name, folder / OLD)
    monkeypatch.setattr(registry, "BUILT_IN", folder)
    monkeypatch.setitem(EARLIER, OLD_ID, OLD)
    forget()
    yield folder
    forget()


def forget() -> None:
    """Forget which codecs were found."""
    registry._installed_names.cache_clear()
    registry._built_in.cache_clear()
    registry.codec_with_id.cache_clear()


@pytest.fixture
def absent(replaced: Path, tmp_path: Path) -> Path:
    """The earlier codec's folder where the installation does not have it."""
    (replaced / OLD).rename(tmp_path / "elsewhere")
    return tmp_path / "elsewhere"


@pytest.fixture
def old_file(codec: Codec, samples: Pixels) -> bytes:
    """A file of the earlier codec."""
    return codec.compress(samples[3])


def test_earlier_codecs_are_whole_and_only_decompress() -> None:
    for codec_id, name in EARLIER.items():
        codec = aecodec.load_codec(name)
        assert codec.spec.codec_id.hex() == codec_id
        files = {path.name for path in (REAL / name).iterdir()} - {RESIDUALS, RESIDUALS_OF_BASE}
        assert files == {CODEC_JSON, *DECODING_FILES}
        for file in DECODING_FILES:
            codec.folder.read(file)  # which checks its hash


def test_the_files_of_an_earlier_codec_are_read(
    replaced: Path, codec: Codec, old_file: bytes, samples: Pixels
) -> None:
    expected = np.asarray(codec.decompress(old_file))
    assert np.array_equal(np.asarray(aecodec.decompress(old_file)), expected)
    assert np.array_equal(np.asarray(aecodec.decompress(old_file, OLD)), expected)
    new_file = aecodec.compress(samples[3])
    assert new_file[3:7] not in (old_file[3:7], bytes.fromhex(OLD_ID))
    with pytest.raises(CodecError, match=rf"made with codec {OLD} \({OLD_ID}\), and this is digi"):
        aecodec.decompress(old_file, "digits")
    with pytest.raises(CodecError, match=rf"and this is {OLD} \({OLD_ID}\)"):
        aecodec.decompress(new_file, OLD)


def test_an_earlier_codec_does_not_compress(replaced: Path, samples: Pixels) -> None:
    for most in (None, 40):
        with pytest.raises(CodecError, match=r"encoder\.tflite: .*only decompresses"):
            aecodec.compress(samples[3], OLD, max_bytes=most)
    with pytest.raises(CodecError, match="only decompresses"):
        aecodec.load_codec(OLD).folder.read("decoder.hdf5")


def test_an_absent_one_is_named_with_where_to_get_it(
    absent: Path, monkeypatch: pytest.MonkeyPatch, codec: Codec, old_file: bytes
) -> None:
    with pytest.raises(CodecError, match=rf"codec {OLD} \({OLD_ID}\), which is not .*{WHERE}"):
        aecodec.decompress(old_file)
    with pytest.raises(CodecError, match=f"codec {OLD}, which .* not installed.*{WHERE}"):
        aecodec.load_codec(OLD)
    expected = codec.decompress(old_file)
    assert aecodec.decompress(old_file, absent) == expected
    absent.rename(absent.parent / OLD)
    monkeypatch.chdir(absent.parent)
    assert aecodec.decompress(old_file, OLD) == expected


def test_earlier_codecs_are_not_offered(replaced: Path) -> None:
    assert registry.built_in_names() == ("digits",)
    assert complete_codec("digits") == ["digits"]
