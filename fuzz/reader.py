"""Fuzzes the reader of `.aec` files in Python, guided by the branches that inputs reach.

    python -m fuzz.reader --seconds 60

Each input is read as a file: its header, its codes, its pictures. An error that is no AecodecError,
more than two seconds of the processor's time, or two answers where there must be one end the run,
and the input is written to the folder of `--findings`. Inputs that reach new branches are kept in
the folder of `--corpus`, if there is one; the next run starts with them.

Atheris (https://github.com/google/atheris) drives it. Most inputs are changed field by field, with
the checksum made right (:mod:`fuzz.mutations.files`).
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["aecodec"]):
    import aecodec
    from aecodec.codec.registry import codec_of_file
    from aecodec.format import container
    from aecodec.format.limits import Limits

from fuzz.mutations.files import mutated_file

CPU_SECONDS = 2
_HANG_SECONDS = 600  # of the clock, for what does not come back to Python
_MIB = 2048
_LONGEST = 4096
_MAX_PIXELS, _MAX_FRAMES = 1 << 13, 64  # most of the time is that of pixels
_GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
_BANDS = aecodec.load_codec(_GOLDEN / "codecs" / "bands")


def read(data: bytes) -> None:
    """Read a file in all ways that users have, and check that these agree.

    Raises:
        AecodecError: it is refused.
        AssertionError: two ways do not agree.
    """
    header, payload = container.unpack(data)
    assert container.unpack(container.pack(header, payload)) == (header, payload)
    codec = _BANDS if header.codec_id == _BANDS.spec.codec_id else codec_of_file(data)
    if not header.refinements:
        assert codec.from_bare(codec.to_bare(data)) == data
    codes = codec.decoder.codes(data, Limits(_MAX_PIXELS, _MAX_FRAMES))
    assert codes.dtype == "int16"
    codec.decoder.check(data, Limits(_MAX_PIXELS, _MAX_FRAMES))
    frames = codec.decompress_frames(data, max_pixels=_MAX_PIXELS, max_frames=_MAX_FRAMES)
    assert frames.shape[0] == header.frames
    if header.samples:
        array = codec.decompress_array(data, max_pixels=_MAX_PIXELS, max_frames=_MAX_FRAMES)
        assert array.dtype == header.samples.dtype
        assert array.size == frames.size
    elif header.frames == 1:
        image = codec.decompress(data, max_pixels=_MAX_PIXELS, max_frames=_MAX_FRAMES)
        assert image.size == frames.shape[2:0:-1]


def try_input(data: bytes) -> None:
    """Read one input within a limit of processor time, which other programs do not use up."""
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    with suppress(aecodec.AecodecError):
        read(data)
    signal.setitimer(signal.ITIMER_PROF, 0)


def _give_up(number: int, frame: object) -> None:
    raise TimeoutError(f"more than {CPU_SECONDS} seconds of the processor's time")


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change an input: by fields, or as libFuzzer does, with a right checksum or any."""
    rng = random.Random(seed)
    if rng.random() < 0.1:
        return bytes(atheris.Mutate(data, max_size))
    other = rng.choice(_SEEDS)
    return mutated_file(rng.choice(_SEEDS) if rng.random() < 0.05 else data, rng, other)[:max_size]


_SEEDS = [
    content
    for path in sorted(_GOLDEN.glob("*.aec"))
    if len(content := path.read_bytes()) <= _LONGEST
]


def _peak_memory() -> int:
    """The peak that libFuzzer begins with, in MiB: Linux hands a parent's down to its child."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Fuzz until the time is over or something is found; the process ends with its status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, help="folder of inputs to start with and to keep")
    parser.add_argument("--findings", type=Path, default=Path(), help="folder for what fails")
    options = parser.parse_args()
    corpus = options.corpus or Path(tempfile.mkdtemp())
    corpus.mkdir(parents=True, exist_ok=True)
    options.findings.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(_SEEDS):
        (corpus / f"golden{number}").write_bytes(content)
    settings = {
        "max_total_time": options.seconds,
        "seed": options.seed,
        "timeout": _HANG_SECONDS,
        "rss_limit_mb": _peak_memory() + _MIB,
        "max_len": _LONGEST,
        "len_control": 0,
        "print_final_stats": 1,
        "artifact_prefix": f"{options.findings}/",
    }
    arguments = [sys.argv[0], *(f"-{name}={value}" for name, value in settings.items())]
    signal.signal(signal.SIGPROF, _give_up)
    atheris.Setup([*arguments, str(corpus)], try_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
