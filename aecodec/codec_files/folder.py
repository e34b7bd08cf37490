"""A codec's folder on disk, and writing one.

    codec.json        the specification, the hash of every file, how encoders weigh bits, what was
                      measured
    priors.npz        integer tables, a prior per level
    encoder.tflite    int8, pixels to latents     encoder.hdf5    the same in float, for Keras
    decoder.tflite    int8, latents to pixels     decoder.hdf5

A file is used only after its hash was found right. The hashes of the files that decoding depends on
are part of the codec's identity, and no other hashes count for them: a folder with another file has
another identity.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from aecodec.atomic.folders import update_folder
from aecodec.codec_files.file_names import CODEC_JSON, DECODING_FILES, PRIORS, Half
from aecodec.codec_files.priors_file import load_prior
from aecodec.codec_files.spec import CodecSpec, nearest_whole, spec_from_json
from aecodec.coding.rdoq import UNMASKED, RateWeight
from aecodec.entropy.prior import Prior
from aecodec.errors import AecodecError, CodecError, UsageError

FORMAT = 1

_MAX_JSON = 1 << 20
_MAX_FILE = 1 << 28

_WHERE_ELSE = (
    ": exports and trainings need the float networks; where they were not installed, give the "
    "codec's folder in aecodec's source, aecodec/data/codecs/NAME"
)
_ONLY_DECOMPRESSES = ": this codec folder only decompresses; name another codec, or none"


@dataclass(frozen=True, eq=False)
class CodecFolder:
    """A codec on disk: its specification, and its files by name, checked as they are read.

    It pickles as its path and the codec's identity.

    Attributes:
        path: the folder.
        spec: what the codec is.
        files: SHA-256 of every file that the codec was exported with; some may be absent.
        measured: what was measured when the codec was made, per level, for `aecodec codecs`.
        rdoq: what bits weigh when its encoder quantizes.
    """

    path: Path
    spec: CodecSpec
    files: dict[str, str]
    measured: dict[str, Any]
    rdoq: RateWeight = UNMASKED

    @classmethod
    def open(cls, path: Path) -> CodecFolder:
        """Read the `codec.json` of a folder.

        Raises:
            CodecError: there is none, or it does not describe a codec.
        """
        try:
            values = json.loads(_content(path / CODEC_JSON, _MAX_JSON).decode("utf-8"))
        except OSError as error:
            raise CodecError(f"{path}: no codec here ({CODEC_JSON}: {error.strerror})") from error
        except (ValueError, RecursionError) as error:
            raise CodecError(f"{path / CODEC_JSON}: not JSON ({error})") from error
        is_known = isinstance(values, dict) and type(values.get("format")) is int
        if not is_known or values["format"] != FORMAT:
            raise CodecError(f"{path / CODEC_JSON}: not a codec of format {FORMAT}")
        try:
            files, measured = dict(values["files"]), dict(values["measured"])
            _check_measured(measured)
            rdoq = RateWeight(**values.get("rdoq", {}))
            return cls(path, spec_from_json(values["spec"]), files, measured, rdoq)
        except Exception as error:  # whatever wrong types lead to
            raise CodecError(f"{path / CODEC_JSON}: {error}") from error

    def __reduce__(self) -> tuple[Callable[[Path, str], CodecFolder], tuple[Path, str]]:
        return _reopen, (self.path, self.spec.sha256)

    def has(self, name: str) -> bool:
        """Whether the folder has a file."""
        return (self.path / name).is_file()

    def read(self, name: str) -> bytes:
        """Read a file and check its hash.

        Raises:
            CodecError: it is absent, or not the file that the codec was exported with.
        """
        try:
            content = _content(self.path / name, _MAX_FILE)
        except OSError as error:
            raise CodecError(f"{self.path / name}: {error.strerror}{self._why(name)}") from error
        if hashlib.sha256(content).hexdigest() != self._hash_of(name):
            raise CodecError(f"{self.path / name}: changed since the codec was exported")
        return content

    def _hash_of(self, name: str) -> str | None:
        """The hash that a file should have: by the identity alone, if decoding depends on it."""
        return (self.spec.files if name in DECODING_FILES else self.files).get(name)

    def _why(self, name: str) -> str:
        """Why a file is absent, as the end of a message."""
        if name in DECODING_FILES:
            return ""
        return _WHERE_ELSE if self.compresses else _ONLY_DECOMPRESSES

    @property
    def compresses(self) -> bool:
        """Whether the folder has an encoder; without one it only decompresses."""
        return self.has(Half.ENCODER.tflite)

    def prior(self, level: float | None = None) -> Prior:
        """The prior of a level, of the default one if None.

        A level between two has the prior of the nearer one, of the higher one if both are equally
        near.

        Raises:
            CodecError: the tables are absent, damaged or another level's.
            UsageError: the codec has no such level.
        """
        number = nearest_whole(self.spec.units_of(level))
        if number not in self._priors:
            self._priors[number] = self._load_prior(number)
        return self._priors[number]

    @cached_property
    def _priors(self) -> dict[int, Prior]:
        """The priors loaded so far: one level need not wait for the others."""
        return {}

    def _load_prior(self, number: int) -> Prior:
        content = self.read(PRIORS)
        try:
            prior = load_prior(content, number)
        except CodecError as error:
            raise CodecError(f"{self.path / PRIORS}: {error}") from error
        if prior.code_dimension != self.spec.levels[number - 1].code_dimension:
            raise CodecError(f"{self.path / PRIORS}: not the priors of this codec's levels")
        return prior


def _reopen(path: Path, sha256: str) -> CodecFolder:
    """Open a folder that was pickled.

    Raises:
        CodecError: it holds no codec, or another one by now.
    """
    folder = CodecFolder.open(path)
    if folder.spec.sha256 != sha256:
        raise CodecError(f"{path}: another codec than the one that was pickled")
    return folder


def _content(path: Path, most: int) -> bytes:
    """Read a file, unless it is a pipe, a device or larger than any codec's.

    Raises:
        OSError: it cannot be read, or should not be.
    """
    size = path.stat().st_size
    if not path.is_file():
        raise OSError(errno.EINVAL, "no ordinary file")
    if size > most:
        raise OSError(errno.EFBIG, "larger than any codec's")
    with path.open("rb") as file:
        return file.read(most)


def _check_measured(measured: Mapping[str, Any]) -> None:
    """Check that all numbers are there; raise KeyError, TypeError or OverflowError if not."""
    for level in measured.get("levels", []):
        for name in ("payload_bytes", "psnr", "familiar_mse"):
            if type(level[name]) not in (int, float):
                raise TypeError(f"{name} is no number")
            float(level[name])  # which an integer may be too large for


def write_folder(
    path: Path,
    spec: CodecSpec,
    contents: Mapping[str, bytes],
    measured: Mapping[str, Any],
    rdoq: RateWeight = UNMASKED,
    *,
    replace: bool = True,
) -> CodecFolder:
    """Write a codec folder: whoever looks sees the codec that was there, or the new one.

    Args:
        path: the folder; made if it does not exist.
        spec: what the codec is; its `files` are filled in here.
        contents: the files by name.
        measured: what was measured, for `codec.json`.
        rdoq: what bits weigh when its encoder quantizes.
        replace: replace a codec that is there. Without it, of two processes that write one codec
            the second fails.

    Returns:
        The folder, as :meth:`CodecFolder.open` gives it.

    Raises:
        UsageError: a file of a codec is there, and is not to be replaced.
        AecodecError: the files cannot be written.
    """
    described = _described(spec, contents, measured) | {"rdoq": asdict(rdoq)}
    text = json.dumps(described, indent=2, sort_keys=True) + "\n"
    try:
        update_folder(path, {**contents, CODEC_JSON: text.encode()}, replace=replace)
    except FileExistsError as error:
        raise UsageError(f"{error.filename} exists already: another process made it") from error
    except OSError as error:
        raise AecodecError(f"{path} cannot be written: {error.strerror}") from error
    return CodecFolder.open(path)


def _described(
    spec: CodecSpec, contents: Mapping[str, bytes], measured: Mapping[str, Any]
) -> dict[str, Any]:
    """What `codec.json` says of a codec."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    decoding = {name: hashes.pop(name) for name in DECODING_FILES}
    return {
        "format": FORMAT,
        "spec": spec.as_json() | {"files": decoding},
        "files": hashes,
        "measured": dict(measured),
    }
