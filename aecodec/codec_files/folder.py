"""Read and write the folder of a codec.

    NAME.aecodec      the codec
    encoder.tflite    int8, pixels to latents     encoder.hdf5    the same in float, for Keras
    decoder.tflite    int8, latents to pixels     decoder.hdf5

Only the codec file is needed to compress and decompress, and it may lie in any folder.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from aecodec.base.errors import AecodecError, CodecError, UsageError, errors_about
from aecodec.base.urls import check_is_local
from aecodec.codec_files.codec_file import NETWORKS, Section, SectionKind, open_codec, pack_codec
from aecodec.codec_files.file_names import SUFFIX, Half, codec_file_name, codec_files
from aecodec.codec_files.levels import UNMASKED, RateWeight
from aecodec.codec_files.spec import CodecSpec, printable_name
from aecodec.imaging.transfer import Transfer
from aecodec.native import structures

_MAX_FILE = 1 << 28

_FLOAT_NETWORKS = (
    ": export and training need the float networks next to the codec file; if a built-in codec "
    "lacks them, use its folder in aecodec's source, aecodec/data/codecs/NAME"
)


class CodecFolder:
    """A codec on disk: its file, and the networks that may lie next to it.

    A pickle contains the path of the file and the codec's identity. `native` is the codec opened by
    the library, and `rdoq` the weight of bits. Raises CodecError if the file is not a codec.
    """

    def __init__(self, file: Path) -> None:
        self.file, self.path = file, file.parent
        try:
            content = _read_regular(file)
        except OSError as error:
            raise CodecError(f"{file}: not a codec ({error.strerror})") from error
        with errors_about(file):
            self.native, self.spec, self.rdoq, self.entries, self._transfer = open_codec(content)

    @classmethod
    def open(cls, path: Path) -> CodecFolder:
        """Open a codec file, or the only one in a folder; or CodecError."""
        if not path.is_dir():
            return cls(path)
        files = codec_files_in(path)
        if len(files) == 1:
            return cls(files[0])
        names = ", ".join(file.name for file in files)
        raise CodecError(
            f"{path} contains several codecs ({names}): use the path of one of them"
            if files
            else f"{path} does not contain a codec: use a file such as NAME{SUFFIX}, or its folder"
        )

    def __reduce__(self) -> tuple[Callable[..., CodecFolder], tuple[Any, ...]]:
        return _reopen, (self.file, self.spec.sha256)

    @property
    def transfer(self) -> Transfer:
        """The transfer of a codec with bands; CodecError if the codec has none."""
        if not self._transfer:
            raise CodecError(f"{self.file}: the codec has no bands")
        return self._transfer

    @property
    def content(self) -> bytes:
        return self.native.part(0, _MAX_FILE)

    @property
    def sections(self) -> list[Section]:
        return [self._section(entry) for entry in self.entries]

    def _section(self, entry: structures.Section) -> Section:
        content = self.native.part(entry.offset, entry.size) if entry.offset else None
        return Section(entry.kind, entry.level, entry.size, bytes(entry.sha256), content)

    def has(self, half: Half) -> bool:
        kind = NETWORKS[half]
        return any(entry.kind == kind and entry.offset for entry in self.entries)

    def check_has(self, half: Half) -> None:
        """Raise CodecError if the codec file lacks the network of a half."""
        if not self.has(half):
            raise CodecError(f"{self.file} does not contain the {half.value}: use the whole codec")

    @property
    def compresses(self) -> bool:
        """Whether the file has an encoder; without it, the codec can only decompress."""
        return self.has(Half.ENCODER)

    def level_section(self, level: int) -> bytes:
        """The tables of a whole level; CodecError if they are missing or damaged."""
        if content := self.native.find(SectionKind.LEVEL, level):
            return content
        raise CodecError(f"{self.file} has no tables for level {level}: use the whole codec")

    @cached_property
    def measured(self) -> dict[str, Any]:
        """Measurements of each level, for `aecodec codecs`; empty if the file has none."""
        content = self.native.find(SectionKind.MEASUREMENTS) or b"{}"
        try:
            measured = dict(json.loads(content.decode("utf-8")))
            _check_measured(measured)
        except Exception as error:  # wrong types raise many types of errors
            raise CodecError(f"{self.file}: damaged measurements ({error!r})") from error
        return measured

    def read(self, name: str) -> bytes:
        """Read a file next to the codec file; CodecError if it is missing."""
        try:
            return _read_regular(self.path / name)
        except OSError as error:
            raise CodecError(f"{self.path / name} ({error.strerror}){_FLOAT_NETWORKS}") from error


def codec_files_in(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))


def _read_regular(path: Path) -> bytes:
    """Read a file; raise OSError if it is larger than codec files may be, or not a regular file."""
    size = path.stat().st_size
    if not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file")
    if size > _MAX_FILE:
        raise OSError(errno.EFBIG, f"the file exceeds {_MAX_FILE} bytes")
    return path.read_bytes()


def _reopen(file: Path, sha256: str) -> CodecFolder:
    """Open a codec file that was pickled; CodecError if it has a different codec, or is missing."""
    folder = CodecFolder(file)
    if folder.spec.sha256 != sha256:
        raise CodecError(f"{file}: the codec changed after it was pickled: load it again")
    return folder


def _check_measured(measured: Mapping[str, Any]) -> None:
    """Check that all numbers exist; raise KeyError, TypeError or OverflowError if not."""
    for level in measured.get("levels", []):
        for name in ("payload_bytes", "psnr", "familiar_mse"):
            if type(level[name]) not in (int, float):
                raise TypeError(f"{name} is not a number")
            float(level[name])  # raises OverflowError for huge integers


def check_target(folder: Path, name: str, *, replace: bool) -> None:
    """Check, before hours of work, that a codec can be written.

    Raises UsageError for a wrong name, a URL or an existing codec, otherwise AecodecError.
    """
    check_is_local(folder)
    try:
        printable_name(name)
    except ValueError as error:
        raise UsageError(f"codec {name!r}: {error}; choose a different name") from error
    if not replace and _has_codec(folder, name):
        raise UsageError(
            f"{folder} already contains codec files: replace them with --force (in Python, "
            "replace=True), or use a different folder"
        )
    parent = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not parent.is_dir():
        raise AecodecError(f"{folder} cannot be written: {parent} is a file, not a folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise AecodecError(f"{folder} cannot be written: no permission to write in {parent}")


def _has_codec(folder: Path, name: str) -> bool:
    is_there = any((folder / file).exists() for file in codec_files(name))
    return is_there or bool(codec_files_in(folder))


def write_folder(
    path: Path,
    spec: CodecSpec,
    sections: Sequence[Section],
    rdoq: RateWeight = UNMASKED,
    *,
    measured: Mapping[str, Any] = {},
    files: Mapping[str, bytes] = {},
    replace: bool = False,
) -> CodecFolder:
    """Write a codec folder; other processes see the old codec file or the new one.

    The codec file contains the sections and the measurements; `files` are written next to it.
    Raises UsageError if a codec exists and `replace` is False, ModelError if the codec has 4 GiB or
    more, and AecodecError if the files cannot be written.
    """
    numbers = json.dumps(dict(measured), sort_keys=True).encode()
    sections = [*sections, Section.of(SectionKind.MEASUREMENTS, numbers)]
    content = pack_codec(spec, rdoq, sections)
    open_codec(content)  # which checks it
    name = codec_file_name(spec.name)
    _write(path, {**files, name: content}, replace=replace)
    return CodecFolder(path / name)


def _write(path: Path, files: Mapping[str, bytes], *, replace: bool) -> None:
    """Write files to a folder, and remove the file of an earlier codec."""
    from aecodec.base.atomic import update_folder  # reading does not need it

    try:
        update_folder(
            path, files, replace=replace, is_outdated=lambda file: file.name.endswith(SUFFIX)
        )
    except FileExistsError as error:
        raise UsageError(f"{error.filename} already exists: another process wrote it") from error
    except OSError as error:
        raise AecodecError(f"{path} cannot be written: {error.strerror}") from error
