"""Fuzzes three decoders against each other: compiled, pure Python and C must agree on every file.

    python -m fuzz.differential --seconds 60

Files of `digits`, of `photo`, and of codecs with any tables are decoded by the range coder of
constriction, by that in pure Python, and by `aecodec.c`. Two answers of one kind are required: the
same codes from all, or a refusal from all. What is accepted is encoded again, by all, to the same
bytes. A disagreement ends the run, with the file in hexadecimal; so does undefined behaviour in C,
and the same seed comes to it again. It needs a C compiler.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

import aecodec
from aecodec.arrays import Codes
from aecodec.codec.geometry import vector_shape
from aecodec.codec_files.folder import CodecFolder
from aecodec.coding.levels import Level
from aecodec.coding.payload import split_payload
from aecodec.engine.c_tables import CTables
from aecodec.entropy import coding
from aecodec.entropy.prior import Prior
from aecodec.entropy.range_coder import CONSTRICTION, PYTHON, RangeCoder
from aecodec.entropy.spatial_context import Grid
from aecodec.errors import FormatError
from aecodec.format import container
from aecodec.format.container import Header, Mode
from fuzz.payloads import any_payload
from tests.helpers.c.library import OK, CLibrary
from tests.helpers.codecs.made_up_codecs import folder_of
from tests.helpers.strategies import any_prior

_MOST_SYMBOLS = 2000
_MADE_UP = 12


class DisagreementError(Exception):
    """Two decoders, or two encoders, do not agree."""


@dataclass(frozen=True)
class Target:
    """One level of a codec, and the C library with its tables.

    Attributes:
        folder: the codec.
        library: the library.
    """

    folder: CodecFolder
    library: CLibrary

    @property
    def prior(self) -> Prior:
        """The tables of the level."""
        return self.library.tables.prior

    @property
    def level(self) -> Level:
        """The level."""
        return self.library.tables.level

    @cached_property
    def name(self) -> str:
        """Name of the codec, and number of the level."""
        return f"{self.folder.spec.name}, level {self.library.tables.level_index / 16:g}"

    def header(self, rng: random.Random) -> Header:
        """A header of a few tiles in one picture or several."""
        spec, units = self.folder.spec, self.library.tables.level_index
        most = rng.choice((1, 2, 3, 10)) if spec.receptive_field else 2
        height, width = (side * rng.randint(1, most) - rng.choice((0, 1)) for side in spec.tile)
        size = None if rng.random() < 0.5 and not spec.receptive_field else (width, height)
        level = None if units == 16 * spec.default_level else units
        mode = rng.choice((Mode.L, Mode.RGB))
        frames = rng.choice((1, 1, 1, 2, 3))
        return Header(spec.codec_id, mode, size, level, frames)


@dataclass(frozen=True)
class Attempt:
    """A file, as the decoders see it.

    Attributes:
        target: level of a codec.
        header: header of the file.
        payload: payload of the file.
    """

    target: Target
    header: Header
    payload: bytes

    @cached_property
    def data(self) -> bytes:
        """The whole file."""
        return container.pack(self.header, self.payload)

    def in_python(self, coder: RangeCoder) -> Codes | str:
        """Codes, or why the file is refused."""
        shape = vector_shape(self.target.folder.spec, self.header)
        try:
            [message] = split_payload(self.payload, shape)
            vectors, grid = message.segment.vectors, message.segment.grid
            codes = coding.decode(self.target.prior, message.data, vectors, grid, coder)
            self.target.level.check(codes)
        except FormatError as error:
            return str(error)
        return codes

    def in_c(self) -> Codes | str:
        """Codes, or the status with which the file is refused."""
        library, spec = self.target.library, self.target.folder.spec
        count, _ = vectors_of(self.target, self.header)
        size = self.header.size or spec.tile[::-1]
        work = library.sizes(size, Mode(self.header.mode))[1] * self.header.frames
        decoded = library.decode(self.data, count, work)
        is_fine = decoded.status == OK
        return decoded.codes.astype(np.int16) if is_fine else f"status {decoded.status}"

    def check(self) -> bool:
        """Check that all decoders agree, and say whether they accept the file.

        Raises:
            DisagreementError: they do not.
        """
        compiled, plain, c = self.in_python(CONSTRICTION), self.in_python(PYTHON), self.in_c()
        if isinstance(compiled, str) or isinstance(plain, str):
            self._require(str(compiled) == str(plain), "compiled and pure Python", compiled, plain)
            self._require(isinstance(c, str), "Python and C", compiled, c)
            return False
        self._require(np.array_equal(compiled, plain), "compiled and pure Python", compiled, plain)
        self._require(not isinstance(c, str) and np.array_equal(c, plain), "Python and C", plain, c)
        self._check_encoders(plain)
        return True

    def _check_encoders(self, codes: Codes) -> None:
        prior, (_, grid) = self.target.prior, vectors_of(self.target, self.header)
        compiled, plain = (
            coding.encode(prior, codes, grid, coder) for coder in (CONSTRICTION, PYTHON)
        )
        self._require(compiled == plain, "compiled and pure Python encoder", compiled, plain)
        if self.header.frames == 1:
            tile = self.target.folder.spec.tile[::-1]
            size = self.header.size or tile
            c = self.target.library.encode(codes.astype(np.int8), size, Mode(self.header.mode))
            header = self.header._replace(size=None if size == tile else size)  # the shortest
            expected = container.pack(header, plain)
            self._require(c == (OK, expected), "Python and C encoder", expected, c)

    def _require(self, holds: bool, who: str, one: object, other: object) -> None:
        if not holds:
            raise DisagreementError(
                f"{who} disagree on a file of {self.target.name}:\n{self.data.hex()}\n"
                f"{one}\n{other}"
            )


def vectors_of(target: Target, header: Header) -> tuple[int, Grid | None]:
    """Number of the code vectors of a file, and where they lie if they have neighbours."""
    shape = vector_shape(target.folder.spec, header)
    if len(shape) == 1:
        return shape[0], None
    planes, rows, columns = shape
    return planes * rows * columns, (planes, rows, columns)


def try_one(target: Target, rng: random.Random) -> bool:
    """Make a file, compare the decoders, and return whether the file is accepted.

    Raises:
        DisagreementError: the decoders do not agree.
    """
    most = max(1, _MOST_SYMBOLS // target.prior.code_dimension)
    header = target.header(rng)
    while vectors_of(target, header)[0] > most:
        header = target.header(rng)
    payload = any_payload(target.prior, *vectors_of(target, header), rng)
    return Attempt(target, header, payload).check()


def targets(folder: Path, made_up: int, seed: int) -> Iterator[Target]:
    """All levels of `digits`, three of `photo`, and codecs with any tables."""
    digits, photo = (aecodec.load_codec(name).folder for name in ("digits", "photo"))
    levels = [(digits, 1), (digits, 2), (digits, 3), (photo, 1), (photo, 2.5), (photo, 8)]
    for number, (codec, level) in enumerate(levels):
        yield target_of(codec, folder / f"level{number}", level)
    rng = np.random.default_rng(seed)
    for number in range(made_up):
        yield made_up_target(folder / f"made_up{number}", rng)


def target_of(codec: CodecFolder, folder: Path, level: float | None = None) -> Target:
    """A level of a codec, with its library built in a folder that is made."""
    folder.mkdir()
    return Target(codec, CLibrary(CTables(codec, level), folder))


def made_up_target(folder: Path, rng: np.random.Generator) -> Target:
    """A codec with any tables that C has room for."""
    while True:
        count, channels, symbols = (int(rng.integers(1, most)) for most in (6, 7, 10))
        prior = any_prior(rng, count, channels, symbols, int(rng.choice([1, 3, 8, 24])))
        if np.abs(prior.offset).max() <= 127:
            break
    gains = tuple(rng.integers(-600, 1, channels).tolist()) if rng.integers(2) else ()
    level = Level(1, 1 + channels, 1 if gains else int(rng.choice([1, 1, 3, 17])), gains)
    picture_channels = int(rng.choice([1, 3]))
    distance = 1 if prior.has_spatial_context else int(rng.integers(2))
    tables = folder / "tables"
    return target_of(folder_of(prior, level, picture_channels, distance, tables), folder / "c")


def run(chosen: Sequence[Target], seconds: float, seed: int) -> Counter[str]:
    """Compare until the time is over, and count the files that were accepted and refused.

    Raises:
        DisagreementError: the decoders do not agree.
    """
    rng, counts = random.Random(seed), Counter[str]()
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        is_accepted = try_one(rng.choice(chosen), rng)
        counts["accepted" if is_accepted else "refused"] += 1
    return counts


def main() -> int:
    """Fuzz, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--made-up", type=int, default=_MADE_UP, help="codecs with any tables")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chosen = list(targets(Path(folder), options.made_up, options.seed))
        start = time.process_time()
        try:
            counts = run(chosen, options.seconds, options.seed)
        except DisagreementError as error:
            print(error)
            return 1
        spent = time.process_time() - start
    rate = counts.total() / spent
    print(f"{counts.total()} files, {dict(counts)}, {rate:.0f} per second of the processor's time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
