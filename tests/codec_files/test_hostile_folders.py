"""Codec folders that were made on purpose: no identity but their own, and errors of the tree."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
from helpers.codecs.band_codecs import band_codec
from helpers.codecs.golden import GOLDEN
from helpers.codecs.made_up_codecs import change_spec
from helpers.documents import ROOT

import aecodec
from aecodec import CodecError
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import spec_from_json
from aecodec.coding.levels import RateWeight
from aecodec.data.codecs import BUILT_IN
from aecodec.data.samples import sample_paths
from aecodec.export.device.reference import network_of
from aecodec.format import container

DIGITS = BUILT_IN / "digits"
JSON = json.loads((DIGITS / "codec.json").read_text("utf-8"))
BANDS = json.loads((GOLDEN / "codecs" / "bands" / "codec.json").read_text("utf-8"))


def change(folder: Path, **changes: Any) -> None:
    """Change values of codec.json."""
    values = json.loads((folder / "codec.json").read_text("utf-8"))
    (folder / "codec.json").write_text(json.dumps(values | changes), "utf-8")


def forge(folder: Path, name: str, content: bytes) -> None:
    """Replace a file, and its hash in codec.json."""
    (folder / name).write_bytes(content)
    spec = json.loads((folder / "codec.json").read_text("utf-8"))["spec"]
    change(folder, spec=spec | {"files": spec["files"] | {name: sha256(content).hexdigest()}})


def forge_priors(folder: Path, **changes: Any) -> None:
    """Replace arrays of the tables."""
    file = io.BytesIO()
    with np.load(folder / "priors.npz") as archive:
        np.savez(file, **dict(archive) | changes)
    forge(folder, "priors.npz", file.getvalue())


def test_litert_does_not_see_a_hostile_network(copy: Path) -> None:
    content = b"\x1c\0\0\0TFL3" + bytes(64)
    (copy / "encoder.tflite").write_bytes(content)
    change(copy, files=JSON["files"] | {"encoder.tflite": sha256(content).hexdigest()})
    with pytest.raises(CodecError, match=r"encoder\.tflite: not a TFLite model"):
        network_of(aecodec.load_codec(copy), Half.ENCODER)


def test_an_error_names_the_file_once(copy: Path) -> None:
    (copy / "encoder.tflite").write_bytes(b"damaged")
    with pytest.raises(CodecError) as caught:
        aecodec.compress(sample_paths()[3], copy)
    assert str(caught.value).count("encoder.tflite") == 1


def test_hashes_beside_the_identity_do_not_count(copy: Path) -> None:
    data = aecodec.compress(sample_paths()[3])
    forge_priors(copy, level2_first=np.asarray(0))
    forged = json.loads((copy / "codec.json").read_text("utf-8"))["spec"]["files"]["priors.npz"]
    change(copy, spec=JSON["spec"], files=JSON["files"] | {"priors.npz": forged})
    with pytest.raises(CodecError, match=r"priors\.npz: changed since"):
        aecodec.decompress(data, copy)


def test_a_file_for_decoding_that_the_identity_lacks_is_refused(copy: Path) -> None:
    files = dict(JSON["spec"]["files"])
    change(copy, files=JSON["files"] | {"priors.npz": files.pop("priors.npz")})
    change(copy, spec=JSON["spec"] | {"files": files})
    with pytest.raises(CodecError, match=r"codec\.json"):
        aecodec.load_codec(copy)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in JSON numbers and texts lie."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield from leaves(inner, (*path, key)) if isinstance(inner, dict | list) else [(*path, key)]


def variants(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value, int(value), str(value), None]
    if isinstance(value, str):
        return [value + "x", value[:-1], value.upper(), "0" * 64, 0]
    return [value + 1, value - 1, float(value), str(value), True, [value], None, value + 0.5]


FIELDS = [(stored, path) for stored in (JSON["spec"], BANDS["spec"]) for path in leaves(stored)]


@pytest.mark.parametrize(("stored", "path"), FIELDS)
def test_no_other_specification_has_the_identity(stored: Any, path: tuple[Any, ...]) -> None:
    """Each field is changed, in value and in type: another identity, or none."""
    own = spec_from_json(stored)
    for variant in variants(_at(stored, path)):
        values = json.loads(json.dumps(stored))
        _at(values, path[:-1])[path[-1]] = variant
        try:
            spec = spec_from_json(values)
        except CodecError:
            continue
        assert spec.sha256 != own.sha256, (path, variant)
        assert spec.as_json() != own.as_json()


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize("key", [*JSON["spec"], "more"])
def test_a_specification_has_its_keys_and_no_others(key: str) -> None:
    values = dict(JSON["spec"])
    if values.pop(key, None) is None:
        values[key] = 1
    with pytest.raises(CodecError, match="describe"):
        spec_from_json(values)


@pytest.mark.parametrize(
    "changes",
    [
        {"phases": 3},
        {"phases": 4.0},
        {"names": ["a", "b"]},
        {"names": ["a", "b", "\x1b[2J"]},
        {"names": "abc"},
        {"file_limits": 1},
        {"more": 1},
    ],
)
def test_bands_that_are_none_are_refused(changes: dict[str, Any]) -> None:
    bands = BANDS["spec"]["bands"] | changes
    with pytest.raises(CodecError, match="describe"):
        spec_from_json(BANDS["spec"] | {"bands": bands})


@pytest.mark.parametrize(
    ("limits", "tables"),
    [
        ([[0, 1]], [[0, 65535]]),
        ([[0, 1, 2]], [[0] * 255 + [65535]]),
        ([[1, 1]], [[0] * 255 + [65535]]),
        ([[0, np.inf]], [[0] * 255 + [65535]]),
        ([[np.nan, 1]], [[0] * 255 + [65535]]),
        ([[0, 1]], [[0] * 255 + [65534]]),
        ([[0, 1]], [[0, 5, *[4] * 253, 65535]]),
        ([0, 1], [0] * 255 + [65535]),
    ],
)
def test_transfers_that_are_none_are_refused(tmp_path: Path, limits: Any, tables: Any) -> None:
    assert band_codec(tmp_path, [(0, 1)], 1).transfer.tables.shape == (1, 256)
    transfer = np.array(tables, np.uint16)
    forge_priors(tmp_path, limits=np.array(limits, np.float64), transfer=transfer)
    with pytest.raises(CodecError, match=r"priors\.npz: not the t"):
        _ = CodecFolder.open(tmp_path).transfer


@pytest.mark.parametrize("name", ["digits", "photo"])
def test_the_identity_is_that_of_the_json(name: str) -> None:
    values = json.loads((BUILT_IN / name / "codec.json").read_text("utf-8"))["spec"]
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    assert spec_from_json(values).sha256 == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("name", ["\x1b[2J", "a\nb", "\u202egnp", "", "x" * 101, "\ud800"])
def test_names_that_would_reach_the_terminal_are_refused(copy: Path, name: str) -> None:
    change_spec(copy, name=name)
    with pytest.raises(CodecError, match="printable"):
        aecodec.load_codec(copy)


@pytest.mark.parametrize(
    "strange",
    [{"most": 256}, {"most": 8.0}, {"masking": -1}, {"masking": True}, {"other": 1}, [], 8],
)
def test_weights_of_bits_are_small_integers(copy: Path, strange: Any) -> None:
    change(copy, rdoq={"most": 255, "masking": 0})
    assert CodecFolder.open(copy).rdoq == RateWeight(255, 0)
    change(copy, rdoq=strange)
    with pytest.raises(CodecError):
        CodecFolder.open(copy)


@pytest.mark.parametrize("name", ["codec.json", "priors.npz", "decoder.tflite"])
def test_pipes_and_devices_are_not_read(copy: Path, name: str) -> None:
    data, file = aecodec.compress(sample_paths()[3]), copy / name
    for make in (os.mkfifo, lambda path: Path(path).symlink_to("/dev/zero")):
        file.unlink()
        make(file)
        with pytest.raises(CodecError, match=name):
            aecodec.decompress(data, copy)


@pytest.mark.parametrize("first", [1 << 40, -(1 << 40), 1 << 15, 0.5, [0], True])
def test_a_first_symbol_that_is_none_is_refused(copy: Path, first: Any) -> None:
    forge_priors(copy, level2_first=np.asarray(first))
    codec = aecodec.load_codec(copy)
    header = container.Header(codec.spec.codec_id)
    with pytest.raises(CodecError, match=r"priors|tables"):
        codec.decoder.codes(container.pack(header, bytes(20)))


def test_spatial_weights_without_neighbours_are_refused(tmp_path: Path) -> None:
    folder = copytree(GOLDEN / "codecs" / "grid", tmp_path / "grid")
    assert CodecFolder.open(folder).prior(3).has_spatial_context
    change_spec(folder, reach=0)
    with pytest.raises(CodecError, match=r"priors\.npz: spatial weights"):
        CodecFolder.open(folder).prior(3)


@pytest.mark.slow
def test_no_folder_ends_the_process_or_hangs() -> None:
    """In a process of its own, whose memory is small: its forks begin with all of it."""
    command = [sys.executable, "-m", "fuzz.codec_folders", "--count", "500", "--seed", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "500 folders" in done.stdout
