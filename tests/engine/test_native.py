"""The core in C as an extension of Python: the files and errors of Python."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import sysconfig
import time
from importlib.machinery import ExtensionFileLoader
from pathlib import Path

import numpy as np
import pytest
from helpers.c.beside_python import Both
from helpers.documents import ROOT
from helpers.programs import needs

from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.engine.native import NativeCodec
from aecodec.errors import (
    AecodecError,
    CodecError,
    FormatError,
    ImageError,
    LimitError,
    UsageError,
)
from benchmarks.c_codec import TOOLS, built, bundle_of

NAME = "aecodec.engine.core"


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension, linked with a build of the library."""
    needs(*TOOLS)
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        pytest.skip("no headers of Python here")
    path = tmp_path_factory.mktemp("native") / "core.abi3.so"
    folders = (sysconfig.get_path("include"), ROOT / "c/library", ROOT / "c/core")
    source = ROOT / "c" / "python" / "core.c"
    strict = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-DPy_LIMITED_API=0x030A0000")
    command = ["cc", "-shared", "-fPIC", *strict, *(f"-I{each}" for each in folders)]
    subprocess.run(
        [*command, "-o", str(path), str(source), str(built() / "libaecodec.a")], check=True
    )
    return path


@pytest.fixture
def native(
    core: Path, codec: Codec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> NativeCodec:
    """The codec `digits` in C."""
    monkeypatch.setitem(sys.modules, NAME, None)  # it enters itself there, and is to leave again
    loader = ExtensionFileLoader(NAME, str(core))
    spec = importlib.util.spec_from_loader(NAME, loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    monkeypatch.setitem(sys.modules, NAME, module)
    monkeypatch.setattr("aecodec.engine.core", module, raising=False)
    (tmp_path / "digits.bundle").write_bytes(bundle_of(codec.folder))
    return NativeCodec(tmp_path / "digits.bundle")


def test_files_and_pixels_are_pythons(native: NativeCodec, codec: Codec, digits: Pixels) -> None:
    both = Both.of(codec)
    for digit in digits[:20, None, ..., None]:
        file = both.file(digit, 1)
        assert native.compress(digit, level=1) == file
        assert np.array_equal(native.decompress(file), both.pixels(file))
    assert native.compress(digits[:3, ..., None]) == both.file(digits[:3, ..., None])


def test_errors_are_pythons(native: NativeCodec, tmp_path: Path, digits: Pixels) -> None:
    digit = digits[:1, ..., None]
    file = native.compress(digit, level=1)
    with pytest.raises(UsageError, match="no such level"):
        native.compress(digit, level=4)
    with pytest.raises(UsageError, match="no such level"):
        native.compress(digit, level=-1)
    with pytest.raises(UsageError, match="so small"):
        native.compress(digit, max_bytes=12)
    with pytest.raises(ImageError):
        native.compress(digit[0])
    with pytest.raises(FormatError):
        native.decompress(file[:-1])
    with pytest.raises(LimitError):
        native.decompress(file, max_pixels=100)
    whole = native.decompress(file)
    assert np.array_equal(
        native.decompress(file, max_pixels=(1 << 32) + 1, max_frames=1 << 64), whole
    )
    with pytest.raises(CodecError):
        NativeCodec(tmp_path / "none.bundle")


def test_a_digit_takes_a_fifth_of_a_millisecond(native: NativeCodec, digits: Pixels) -> None:
    digit = digits[:1, ..., None]
    file, rounds = native.compress(digit, level=1), 200
    start = time.thread_time()
    for _ in range(rounds):
        native.compress(digit, level=1)
    between = time.thread_time()
    for _ in range(rounds):
        native.decompress(file)
    seconds = between - start, time.thread_time() - between
    assert max(seconds) / rounds < 1e-3  # 0.2 ms on a quiet core


def test_without_the_extension_it_says_how_to_get_it(tmp_path: Path) -> None:
    if importlib.util.find_spec(NAME):
        pytest.skip("the extension is installed here")
    with pytest.raises(AecodecError, match="AECODEC_NATIVE=1"):
        NativeCodec(tmp_path / "x.bundle")
