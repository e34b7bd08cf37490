"""Read and write the folder of a codec.

    codec.json        the specification, the hash of every file, the weight of bits, measurements
    priors.npz        integer tables, a prior per level
    encoder.tflite    int8, pixels to latents     encoder.hdf5    the same in float, for Keras
    decoder.tflite    int8, latents to pixels     decoder.hdf5

A file is used only if its hash is right. The hashes of the files that decoding depends on are part
of the codec's identity: a folder with different files has a different identity.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from aecodec.codec_files.file_names import (
    CODEC_FILES,
    CODEC_JSON,
    DECODING_FILES,
    OPTIONAL_FILES,
    PRIORS,
    Half,
)
from aecodec.codec_files.priors_file import load_prior, load_transfer
from aecodec.codec_files.spec import CodecSpec, nearest_level, printable_name, spec_from_json
from aecodec.coding.levels import UNMASKED, RateWeight, read_rate_weight
from aecodec.entropy.prior import Prior
from aecodec.errors import AecodecError, CodecError, UsageError, errors_about
from aecodec.imaging.transfer import Transfer
from aecodec.urls import check_is_local

FORMAT = 1

_MAX_JSON = 1 << 20
_MAX_FILE = 1 << 28
_LEAST_FREE_BYTES = 1 << 27
"""Free space for a codec and the state of a training."""

_FLOAT_NETWORKS = (
    ": export and training need the float networks; if they are not installed, use the codec's "
    "folder in aecodec's source, aecodec/data/codecs/NAME"
)
_ONLY_DECOMPRESSES = ": this codec folder only decompresses; name another codec, or omit --codec"


class CodecFolder:
    """A codec on disk: its specification and its files, which are checked when they are read.

    It pickles as its path and the codec's identity. `files` has the SHA-256 of every file that the
    codec was exported with, even if absent; `measured` has measurements of each level, for `aecodec
    codecs`. `rdoq` is the weight of bits when its encoder quantizes.
    """

    def __init__(
        self,
        path: Path,
        spec: CodecSpec,
        files: dict[str, str],
        measured: dict[str, Any],
        rdoq: RateWeight = UNMASKED,
    ) -> None:
        self.path, self.spec, self.files = path, spec, files
        self.measured, self.rdoq = measured, rdoq
        self._priors: dict[int, Prior] = {}

    @classmethod
    def open(cls, path: Path) -> CodecFolder:
        """Read the `codec.json` of a folder.

        Raises CodecError if the file is missing, or does not describe a codec.
        """
        try:
            values = json.loads(_content(path / CODEC_JSON, _MAX_JSON).decode("utf-8"))
        except OSError as error:
            raise CodecError(
                f"{path}: not a codec folder ({CODEC_JSON}: {error.strerror})"
            ) from error
        except (ValueError, RecursionError) as error:
            raise CodecError(f"{path / CODEC_JSON}: not JSON ({error})") from error
        version = values.get("format") if isinstance(values, dict) else None
        if type(version) is not int or version != FORMAT:
            raise CodecError(f"{path / CODEC_JSON}: not a codec of format {FORMAT}")
        try:
            files, measured = dict(values["files"]), dict(values["measured"])
            _check_measured(measured)
            rdoq = read_rate_weight(values.get("rdoq", {}))
            return cls(path, spec_from_json(values["spec"]), files, measured, rdoq)
        except Exception as error:  # wrong types raise many types of errors
            raise CodecError(f"{path / CODEC_JSON}: {error}") from error

    def __reduce__(self) -> tuple[Callable[[Path, str], CodecFolder], tuple[Path, str]]:
        return _reopen, (self.path, self.spec.sha256)

    def has(self, name: str) -> bool:
        return (self.path / name).is_file()

    def read(self, name: str) -> bytes:
        """Read a file and check its hash.

        Raises CodecError if it is missing, or has changed since the codec was exported.
        """
        try:
            content = _content(self.path / name, _MAX_FILE)
        except OSError as error:
            raise CodecError(f"{self.path / name}: {error.strerror}{self._advice(name)}") from error
        hashes = self.spec.files if name in DECODING_FILES else self.files
        if hashlib.sha256(content).hexdigest() != hashes.get(name):
            raise CodecError(f"{self.path / name}: changed since the codec was exported")
        return content

    def _advice(self, name: str) -> str:
        """The end of a message about a missing file: what to do."""
        if name in DECODING_FILES:
            return ""
        return _FLOAT_NETWORKS if self.compresses else _ONLY_DECOMPRESSES

    @property
    def compresses(self) -> bool:
        """Whether the folder has an encoder; without it, the codec can only decompress."""
        return self.has(Half.ENCODER.tflite)

    def prior(self, level: float | None = None) -> Prior:
        """Load the prior of a level, or of the default level if None.

        A level between two whole levels has the prior of the nearer one, in a tie of the higher
        one. Raises CodecError if the tables are missing, damaged, or belong to another level, and
        UsageError if the codec has no such level.
        """
        number = nearest_level(self.spec.level_index(level))
        if number not in self._priors:
            content = self.read(PRIORS)
            with errors_about(self.path / PRIORS):
                prior = load_prior(content, number)
                if prior.code_dimension != self.spec.levels[number - 1].code_dimension:
                    raise CodecError("not the priors of this codec's levels")
                if prior.has_spatial_context and not self.spec.receptive_field:
                    raise CodecError("spatial weights, but the codec's vectors have no neighbours")
            self._priors[number] = prior
        return self._priors[number]

    @cached_property
    def transfer(self) -> Transfer:
        """The transfer of a codec with bands.

        Raises CodecError if the codec has no bands, or its tables are missing, damaged, or belong
        to another codec.
        """
        content, bands = self.read(PRIORS), self.spec.bands
        with errors_about(self.path / PRIORS):
            transfer = load_transfer(content)
            if not bands or transfer.tables.shape != (bands.count, 255 * bands.phases + 1):
                raise CodecError("not the transfer of this codec's bands")
        return transfer


def _reopen(path: Path, sha256: str) -> CodecFolder:
    """Open a folder that was pickled.

    Raises CodecError if it does not contain a codec any more, or contains a different codec.
    """
    folder = CodecFolder.open(path)
    if folder.spec.sha256 != sha256:
        raise CodecError(f"{path}: the codec in this folder has changed since it was pickled")
    return folder


def _content(path: Path, max_bytes: int) -> bytes:
    """Read a file of at most `max_bytes` bytes; raise OSError if it is larger or not a file."""
    size = path.stat().st_size
    if not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file")
    if size > max_bytes:
        raise OSError(errno.EFBIG, f"larger than {max_bytes} bytes, as no file of a codec is")
    with path.open("rb") as file:
        return file.read(size)  # a larger buffer takes a third of a millisecond


def _check_measured(measured: Mapping[str, Any]) -> None:
    """Check that all numbers exist; raise KeyError, TypeError or OverflowError if not."""
    for level in measured.get("levels", []):
        for name in ("payload_bytes", "psnr", "familiar_mse"):
            if type(level[name]) not in (int, float):
                raise TypeError(f"{name} is not a number")
            float(level[name])  # raises OverflowError for huge integers


def check_folder(folder: object) -> None:
    """Check the folder that a codec is made of. Raises UsageError if it has another type."""
    if not isinstance(folder, CodecFolder):
        raise UsageError(f"{folder!r} is not a CodecFolder: open codecs with aecodec.load_codec")


def check_target(folder: Path, name: str, *, replace: bool) -> None:
    """Check, before hours of work, that a codec can be written.

    Raises UsageError if the name is not allowed, the folder is a URL, or a codec exists and
    `replace` is False, and AecodecError if the folder cannot be written, or its disk is almost
    full.
    """
    check_is_local(folder)
    try:
        printable_name(name)
    except ValueError as error:
        raise UsageError(f"codec {name!r}: {error}; choose another name") from error
    if not replace and any((folder / file).exists() for file in CODEC_FILES):
        raise UsageError(
            f"{folder} already contains codec files: replace them with --force (in Python "
            "replace=True), or give another folder"
        )
    parent = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not parent.is_dir():
        raise AecodecError(f"{folder} cannot be written: {parent} is a file, not a folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise AecodecError(f"{folder} cannot be written: no permission to write in {parent}")
    if (free := shutil.disk_usage(parent).free) < _LEAST_FREE_BYTES:
        raise AecodecError(f"{folder} cannot be written: only {free >> 20} MiB are free there")


def write_folder(
    path: Path,
    spec: CodecSpec,
    contents: Mapping[str, bytes],
    measured: Mapping[str, Any],
    rdoq: RateWeight = UNMASKED,
    *,
    replace: bool = False,
) -> CodecFolder:
    """Write a codec folder atomically: other processes see the old codec or the new one.

    The `files` of the specification are filled in from the `contents`. `measured` has measurements
    for `codec.json`, and `rdoq` is the weight of bits when its encoder quantizes. If `replace` is
    False, and two processes write the same folder, the second one fails.

    Raises UsageError if a codec exists and `replace` is False, and AecodecError if the files cannot
    be written.
    """
    hashes = _hashes(contents)
    decoding = {name: hashes.pop(name) for name in DECODING_FILES}
    description = {
        "format": FORMAT,
        "spec": spec.as_json() | {"files": decoding},
        "files": hashes,
        "measured": dict(measured),
        "rdoq": rdoq._asdict(),
    }
    return _write(path, contents, description, replace=replace, outdated=OPTIONAL_FILES)


def add_files(folder: CodecFolder, contents: Mapping[str, bytes]) -> CodecFolder:
    """Add files on which decoding does not depend to a codec folder, or replace them.

    Raises AecodecError if they cannot be written.
    """
    description = json.loads(_content(folder.path / CODEC_JSON, _MAX_JSON))
    description["files"] |= _hashes(contents)
    return _write(folder.path, contents, description, replace=True)


def _write(
    path: Path,
    contents: Mapping[str, bytes],
    description: Mapping[str, Any],
    *,
    replace: bool,
    outdated: Collection[str] = (),
) -> CodecFolder:
    """Write files with their `codec.json`, and remove files of an earlier codec."""
    from aecodec.atomic import update_folder  # reading does not need it

    text = json.dumps(description, indent=2, sort_keys=True) + "\n"
    files = {**contents, CODEC_JSON: text.encode()}
    try:
        update_folder(path, files, replace=replace, is_outdated=lambda file: file.name in outdated)
    except FileExistsError as error:
        raise UsageError(f"{error.filename} already exists: another process wrote it") from error
    except OSError as error:
        raise AecodecError(f"{path} cannot be written: {error.strerror}") from error
    return CodecFolder.open(path)


def _hashes(contents: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
