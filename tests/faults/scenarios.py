"""Commands into which faults are injected, and what may lie under their final names afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from helpers.documents import ROOT
from helpers.tiny_recipe import tiny_recipe
from PIL import Image

import aecodec
from aecodec.cli.shared.discovery import STANDARD
from aecodec.codec_files.file_names import CODEC_FILES
from aecodec.codec_files.folder import CodecFolder
from aecodec.data.samples import sample_paths
from aecodec.errors import AecodecError

Found = dict[str, bytes] | None
"""Files of a result by their paths within it; None if there is no result."""


@dataclass(frozen=True)
class Scenario:
    """A command, what it needs, and what it makes.

    Attributes:
        name: what it is called in reports.
        prepare: fills the folder in which it runs.
        arguments: those of `aecodec`.
        result: the file or folder that it makes, or `-` for standard output.
        is_of_files: whether the result is a folder whose files appear one by one.
        most: number of calls at which a fault happens, at most; all if None.
    """

    name: str
    prepare: Callable[[Path], None]
    arguments: tuple[str, ...]
    result: Path
    is_of_files: bool = False
    most: int | None = None

    def found_in(self, folder: Path, out: Path) -> Found:
        """The result as it is."""
        path = out if self.result == STANDARD else folder / self.result
        if path.is_file():
            return {"": path.read_bytes()}
        if not path.exists():
            return None
        files = [each for each in path.rglob("*") if each.is_file() and not _is_state(each, path)]
        return {str(each.relative_to(path)): each.read_bytes() for each in files} or None

    def is_whole(self, found: Found, new: Found, folder: Path) -> bool:
        """Whether a result is the one that the command makes when nothing happens."""
        return found == new

    def is_allowed(self, found: Found, old: Found, new: Found, folder: Path) -> bool:
        """Whether a result may lie there after a fault."""
        if self.result == STANDARD or found in (None, old):
            return True
        if self.is_of_files:
            return all(new and new.get(name) == content for name, content in (found or {}).items())
        return self.is_whole(found, new, folder)

    def again(self, folder: Path) -> tuple[str, ...]:
        """Arguments with which the command is repeated after a fault."""
        may_skip = self.arguments[0] in ("compress", "decompress") and self.result != STANDARD
        is_forced = "--force" in self.arguments
        return (
            (*self.arguments, "--skip-existing") if may_skip and not is_forced else self.arguments
        )


class Training(Scenario):
    """A training, whose codec is another one each time, and which is resumed."""

    def is_whole(self, found: Found, new: Found, folder: Path) -> bool:
        try:
            codec = CodecFolder.open(folder / self.result)
            for name in CODEC_FILES[1:]:
                codec.read(name)
        except AecodecError:
            return False
        return codec.spec.name == "new" and set(found or {}) == set(new or {})

    def again(self, folder: Path) -> tuple[str, ...]:
        states = list((folder / self.result).glob("training-*"))
        return (*self.arguments, "--resume") if states else self.arguments


def _is_state(path: Path, result: Path) -> bool:
    """Whether a file is a temporary one, or the state of a training."""
    return path.relative_to(result).parts[0].startswith((".aecodec-", "training-"))


def _digit(folder: Path) -> None:
    shutil.copy(sample_paths()[3], folder / "digit.png")


def _digits(folder: Path) -> None:
    (folder / "scans").mkdir()
    for path in sample_paths()[:3]:
        shutil.copy(path, folder / "scans")


def _picture(folder: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    data = aecodec.compress(Image.fromarray(pixels), "photo", level=1)
    (folder / "picture.aec").write_bytes(data)


def _stack(folder: Path) -> None:
    digits = np.stack([np.asarray(Image.open(path)) for path in sample_paths()[:3]])
    (folder / "stack.aec").write_bytes(aecodec.compress(digits))


def _with_old(prepare: Callable[[Path], None], result: str, *names: str) -> Callable[..., None]:
    """Also make an older result: a file, or a folder of some."""

    def prepare_all(folder: Path) -> None:
        prepare(folder)
        for name in names or [""]:
            path = folder / result / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"old")

    return prepare_all


def _training(folder: Path) -> None:
    recipe = tiny_recipe(2).replace("count = 3", "count = 2")
    (folder / "tiny.toml").write_text(recipe)
    digits = np.stack([np.asarray(Image.open(path)) for path in sample_paths()])
    np.save(folder / "digits.npy", np.repeat(digits, 4, axis=0))


def _training_over(folder: Path) -> None:
    _training(folder)
    shutil.copytree(ROOT / "aecodec" / "codecs" / "digits", folder / "mine")


_TRAIN = ("train", "digits.npy", "-o", "mine", "--recipe", "tiny.toml", "--name", "new", "--quiet")
_EXPORT = ("export", "digits", "-o", "made")
_INTO = partial(_with_old, lambda _: None, "made")

QUICK = (
    Scenario("compress", _digit, ("compress", "digit.png", "-o", "a.aec"), Path("a.aec")),
    Scenario(
        "compress --force",
        _with_old(_digit, "a.aec"),
        ("compress", "digit.png", "-o", "a.aec", "--force"),
        Path("a.aec"),
    ),
    Scenario("compress to a pipe", _digit, ("compress", "digit.png", "-o", "-"), STANDARD),
    Scenario(
        "compress a folder",
        _digits,
        ("compress", "scans", "-o", "out/", "--jobs", "1"),
        Path("out"),
        is_of_files=True,
    ),
    Scenario(
        "compress --stack",
        _digits,
        ("compress", "--stack", "scans", "-o", "a.aec"),
        Path("a.aec"),
    ),
    Scenario(
        "report --force",
        _with_old(_digits, "page.html"),
        ("report", "digits", "scans", "-o", "page.html", "--limit", "1", "--force"),
        Path("page.html"),
        most=4,
    ),
    Scenario("web", lambda _: None, ("web", "digits", "-o", "site"), Path("site"), most=4),
    Scenario("decompress", _picture, ("decompress", "picture.aec", "-o", "a.png"), Path("a.png")),
    Scenario("decompress to a pipe", _picture, ("decompress", "picture.aec", "-o", "-"), STANDARD),
    Scenario("decompress a stack", _stack, ("decompress", "stack.aec", "-o", "out"), Path("out")),
    Scenario(
        "decompress a stack --force",
        _with_old(_stack, "out", "1.png", "2.png", "9.png", "notes.txt"),
        ("decompress", "stack.aec", "-o", "out", "--force"),
        Path("out"),
    ),
)
"""Scenarios of a second each."""

LONG = (
    Scenario("export", lambda _: None, _EXPORT, Path("made"), most=6),
    Scenario(
        "export --force",
        _INTO("encoder.tflite", "decoder.tflite", "notes.txt"),
        (*_EXPORT, "--force"),
        Path("made"),
        most=6,
    ),
    Training("train", _training, _TRAIN, Path("mine"), most=4),
    Training("train --force", _training_over, (*_TRAIN, "--force"), Path("mine"), most=4),
)
"""Scenarios that need TensorFlow."""

MODULES = ("aecodec.training.run", "aecodec.export.from_keras", "aecodec.export.device.parity")
"""What these load."""
