"""Input files of a command: named files, and the files in named folders.

Files that look like inputs but cannot be read are listed with the reason, so that the command can
report them.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from aecodec.base.atomic import TEMPORARY
from aecodec.base.errors import AecodecError, ImageError, InputError
from aecodec.image_files.formats import SAMPLES_SUFFIXES, has_image_name

STANDARD = Path("-")
"""The path that means standard input or standard output."""

_RAW = ".3fr .arw .cr2 .cr3 .crw .dng .erf .kdc .mrw .nef .nrw .orf .pef .raf .raw .rw2 .srw .x3f"
_OTHER = ".heic .heif .hif .avif .jxl .exr .hdr .svg .xcf .kra .dcm"
_NOT_OPENED = {*_RAW.split(), *_OTHER.split()}
"""Suffixes of camera raw files and other pictures that Pillow does not open on every machine."""


class Source(NamedTuple):
    """A file to read, or `-`, with the reason if it cannot be read."""

    path: Path
    problem: AecodecError | None = None


class FileKind(NamedTuple):
    """Which files of a folder a command reads, and the reason to skip other files, if any."""

    accepts: Callable[[Path], bool]
    reason_to_skip: Callable[[Path], str | None] = lambda _: None


def real_path(path: Path) -> Path:
    return Path(os.path.realpath(path))


def is_folder_at(path: Path) -> bool:
    """Whether a path is an accessible folder; a URL is not a folder."""
    return os.path.isdir(path)


def _reason_to_skip(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if suffix not in _NOT_OPENED or path.name.startswith("._"):
        return None
    return f"skipped: Pillow cannot open {suffix} files; convert them to PNG or JPEG first"


IMAGES = FileKind(has_image_name, _reason_to_skip)

IMAGES_AND_SAMPLES = FileKind(
    lambda path: has_image_name(path) or path.suffix.lower() in SAMPLES_SUFFIXES, _reason_to_skip
)
"""Pictures, and files that only codecs with bands read, by their suffixes."""

AEC_FILES = FileKind(lambda path: path.suffix.lower() == ".aec")


def expand(inputs: Sequence[Path], kind: FileKind) -> list[Source]:
    """The inputs, with each folder replaced by its files."""
    return [
        source
        for path in inputs
        for source in (sources_in(path, kind) if is_folder_at(path) else [Source(path)])
    ]


def sources_in(folder: Path, kind: FileKind) -> list[Source]:
    """The sorted files of a kind in a folder at any depth; else the folder, with a problem."""
    sources = sorted(_walk(folder, kind), key=lambda source: source.path)
    return sources or [Source(folder, AecodecError("this folder has no files for this command"))]


def _walk(folder: Path, kind: FileKind) -> Iterator[Source]:
    unread: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=unread.append):
        folders[:] = [name for name in folders if not name.startswith(TEMPORARY)]
        for name in folders:
            if os.path.islink(path := Path(parent, name)):
                yield Source(path, InputError("skipped: it links to a folder; pass that folder"))
        yield from filter(None, (_source(Path(parent, name), kind) for name in files))
    for error in unread:
        path = Path(str(error.filename))
        yield Source(path, InputError(f"this folder cannot be read: {error.strerror}"))


def _source(path: Path, kind: FileKind) -> Source | None:
    if kind.accepts(path):
        return Source(path, _problem(path))
    reason = kind.reason_to_skip(path)
    return Source(path, ImageError(reason)) if reason else None


def _problem(path: Path) -> InputError | None:
    if not os.path.exists(path):
        return InputError("skipped: it is a broken or circular link")
    return None if os.path.isfile(path) else InputError("skipped: not a regular file")
