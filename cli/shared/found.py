"""What a command finds to read: the files that are named, and those in folders that are named.

Files that look as if they were meant but cannot be read are found too, with the reason: nothing
that was asked for is left out without a message.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aecodec.errors import AecodecError, ImageError, InputError
from aecodec.image_files.formats import has_image_suffix
from aecodec.urls import Url

STANDARD = Path("-")
"""Stands for standard input or standard output."""

_RAW = ".3fr .arw .cr2 .cr3 .crw .dng .erf .kdc .mrw .nef .nrw .orf .pef .raf .raw .rw2 .srw .x3f"
_NOT_OPENED = {
    **dict.fromkeys(_RAW.split(), "a camera's raw file"),
    **dict.fromkeys((".heic", ".heif", ".hif"), "HEIC"),
    ".avif": "AVIF",
    ".jxl": "JPEG XL",
    ".exr": "OpenEXR",
    ".hdr": "Radiance HDR",
    ".svg": "a drawing in SVG",
    ".xcf": "a project of GIMP",
    ".kra": "a project of Krita",
}
"""Suffixes of pictures that Pillow does not open, at least not everywhere, and what they are."""

_NO_PICTURES = {".pdf", ".ps", ".mpg", ".mpeg", ".h5", ".hdf", ".bufr", ".grib", ".iim"}
"""Suffixes that Pillow registers, but of which no picture is expected."""


@dataclass(frozen=True)
class Source:
    """A file to read.

    Attributes:
        path: the file, or `-` for standard input.
        problem: why it will not be read, or None.
    """

    path: Path
    problem: AecodecError | None = None

    def check(self) -> None:
        """Raise the problem, if there is one."""
        if self.problem:
            raise self.problem


@dataclass(frozen=True)
class Kind:
    """Which files of a folder a command reads.

    Attributes:
        accepts: whether a name is that of a file to read.
        refuses: why a file of this name cannot be read though it looks as if it was meant; None
            for a file of another kind, which is left alone.
    """

    accepts: Callable[[Path], bool]
    refuses: Callable[[Path], str | None] = lambda _: None


def real_path(path: Path) -> Path:
    """A path with its links resolved as far as they lead; a URL as it is."""
    return path if isinstance(path, Url) else Path(os.path.realpath(path))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say what was being read when a system or a server reports an error.

    Raises:
        InputError: it reported one.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def is_folder_at(path: Path) -> bool:
    """Whether there is a folder at a path that can be looked at.

    Raises:
        InputError: the object store of a URL does not answer.
    """
    if not isinstance(path, Url):
        return os.path.isdir(path)
    with reading(path):
        return path.is_dir()


def objects_in(folder: Url) -> list[Url]:
    """The objects of a folder, at any depth, sorted; none if there is no such folder.

    Raises:
        InputError: the object store does not answer.
    """
    with reading(folder), suppress(FileNotFoundError):
        return list(folder.rglob("*"))
    return []


def is_aec(path: Path) -> bool:
    """Whether a file in a folder is an `.aec` file, by its name."""
    return path.suffix.lower() == ".aec"


def _is_picture(path: Path) -> bool:
    is_shadow = path.name.startswith("._")  # what macOS keeps beside a file
    return not is_shadow and path.suffix.lower() not in _NO_PICTURES and has_image_suffix(path)


def _why_not_opened(path: Path) -> str | None:
    what = _NOT_OPENED.get(path.suffix.lower())
    if not what or path.name.startswith("._"):
        return None
    return f"skipped: {what}, which Pillow does not open; convert it to PNG or JPEG first"


IMAGES = Kind(_is_picture, _why_not_opened)
"""Pictures, by their names.

>>> IMAGES.accepts(Path("a.png")), IMAGES.accepts(Path("a.txt")), IMAGES.refuses(Path("a.txt"))
(True, False, None)
>>> IMAGES.refuses(Path("a.NEF"))
"skipped: a camera's raw file, which Pillow does not open; convert it to PNG or JPEG first"
"""

_OUTSIDE = InputError("skipped: its name leads out of the folder, and so would that of its result")

AEC_FILES = Kind(is_aec)
""".aec files, by their names."""


def expand(inputs: Sequence[Path], kind: Kind) -> list[Source]:
    """The inputs, with each folder replaced by its files."""
    return [
        source
        for given in inputs
        for source in (sources_in(given, kind) if is_folder_at(given) else [Source(given)])
    ]


def sources_in(folder: Path, kind: Kind) -> list[Source]:
    """The files of a kind in a folder, at any depth, sorted; the folder itself if it has none."""
    found = sorted(_walk(folder, kind), key=lambda source: source.path)
    return found or [Source(folder, AecodecError("nothing to read in this folder"))]


def _walk(folder: Path, kind: Kind) -> Iterator[Source]:
    if isinstance(folder, Url):
        for url in objects_in(folder):
            source = _source(url, kind)
            if source:
                yield source if _lies_in(url, folder) else Source(url, _OUTSIDE)
        return
    unread: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=unread.append):
        for name in folders:
            if os.path.islink(path := Path(parent, name)):
                yield Source(path, InputError("skipped: a link to a folder, which is not followed"))
        yield from filter(None, (_source(Path(parent, name), kind) for name in files))
    for error in unread:
        path = Path(str(error.filename))
        yield Source(path, InputError(f"this folder cannot be read: {error.strerror}"))


def _lies_in(url: Url, folder: Url) -> bool:
    """Whether an object lies in a folder by its name, which a store or an archive may choose."""
    return url.is_relative_to(folder) and ".." not in url.relative_to(folder).parts


def _source(path: Path, kind: Kind) -> Source | None:
    """A file of a folder, with its problem if it has one; None if the command does not read it."""
    if kind.accepts(path):
        return Source(path, _problem(path))
    reason = kind.refuses(path)
    return Source(path, ImageError(reason)) if reason else None


def _problem(path: Path) -> InputError | None:
    if isinstance(path, Url):
        return None
    if not os.path.exists(path):
        return InputError("skipped: a link that leads nowhere")
    return None if os.path.isfile(path) else InputError("skipped: no ordinary file")
