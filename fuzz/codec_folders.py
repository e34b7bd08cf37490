"""Fuzzes codec folders: a crash, a hang, too much memory or an error of another kind is a failure.

    python -m fuzz.codec_folders --count 100000

Each folder is a copy of a codec with one file changed and its hash made right, and each is loaded,
decompresses and compresses in a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import ai_edge_litert.interpreter  # noqa: F401 - once, and not in each process
import numpy as np

import aecodec
from aecodec.data.codecs import BUILT_IN
from aecodec.format import container
from fuzz.mutations.folders import make_hostile

_SIDE = 28
CPU_SECONDS = 2
MIB = 300

_FINE, _REFUSED, _ESCAPED = 0, 3, 4


class Outcome(NamedTuple):
    """The result of an attack.

    Attributes:
        text: "done", "refused", or what went wrong.
        is_failure: whether something went wrong.
        mib: most memory that the process had.
    """

    text: str
    is_failure: bool
    mib: int


def outcome_of(attack: Callable[[], object], most_mib: int = MIB) -> Outcome:
    """Run an attack in a fork of this process, with at most two seconds of the processor's time.

    Args:
        attack: fine if it returns, or raises an AecodecError.
        most_mib: most memory that it may take.
    """
    child = os.fork()
    if child == 0:
        os._exit(_status_of(attack))
    _, status, usage = os.wait4(child, 0)
    mib = usage.ru_maxrss // 1024
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        text = "hang" if number == signal.SIGXCPU else f"death by {signal.Signals(number).name}"
        return Outcome(text, True, mib)
    if mib > most_mib:
        return Outcome("memory", True, mib)
    text = {_FINE: "done", _REFUSED: "refused"}.get(os.WEXITSTATUS(status), "another error")
    return Outcome(text, text == "another error", mib)


def _status_of(attack: Callable[[], object]) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        attack()
    except aecodec.AecodecError:
        return _REFUSED
    except BaseException:
        traceback.print_exc()
        return _ESCAPED
    return _FINE


def attack(folder: Path) -> None:
    """Load a codec, and decompress and compress a picture with it."""
    codec = aecodec.load_codec(folder)
    picture = np.tile(np.arange(_SIDE, dtype=np.uint8) * 9, (_SIDE, 1))
    header, payload = container.unpack(aecodec.compress(picture, "digits"))
    forged = container.pack(header._replace(codec_id=codec.spec.codec_id), payload)
    for use in (codec.decompress, codec.decoder.codes, codec.decoder.check):
        with contextlib.suppress(aecodec.AecodecError):
            use(forged)
    codec.compress(picture)


def outcomes(count: int, seed: int, keep: Path | None = None) -> Iterator[Outcome]:
    """Attack with one folder after another.

    Args:
        count: number of folders.
        seed: seed of the changes.
        keep: folder to which folders that fail are copied.
    """
    rng = random.Random(seed)
    aecodec.compress(np.zeros((_SIDE, _SIDE), np.uint8), "digits")  # once, and not in each process
    with tempfile.TemporaryDirectory() as work:
        for number in range(count):
            folder = Path(work, str(number))
            make_hostile(BUILT_IN / "digits", folder, rng)
            outcome = outcome_of(partial(attack, folder))
            if outcome.is_failure and keep:
                shutil.copytree(folder, keep / f"{seed}-{number}")
            shutil.rmtree(folder)
            yield outcome


def main() -> None:
    """Fuzz, and count what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for what fails")
    options = parser.parse_args()
    counts, most = Counter[str](), 0
    for outcome in outcomes(options.count, options.seed, options.keep):
        counts[outcome.text] += 1
        most = max(most, outcome.mib)
        if outcome.is_failure:
            print(outcome, flush=True)
    print(f"{counts.total()} folders: {dict(counts)}, at most {most} MiB")
    sys.exit(1 if set(counts) - {"done", "refused"} else 0)


if __name__ == "__main__":
    main()
