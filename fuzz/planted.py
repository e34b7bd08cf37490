"""Plant faults in the library, and check that the targets find each of them within a minute.

    python fuzz/planted.py SOURCE FOLDER

SOURCE is the folder `source` that `prepare.py` made; FOLDER is filled.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
_SECONDS = 60
_OPTIONS = ("-std=c99", "-g", "-O1")
_MEMORY = "memory"  # the sanitizer that sees what is read before it is written


class Fault(NamedTuple):
    """A change of `aecodec.c`, and the target that must notice it, under some sanitizers."""

    target: str
    right: str
    wrong: str
    sanitizers: str = "address,undefined"


FAULTS = (
    Fault("header", "size > r->size - r->at", "size > r->size - r->at + 8"),
    Fault("header", "header->frames <= MAX_FRAMES && ", ""),
    Fault("header", "size < MIN_FILE || ", ""),
    Fault("decode", "|| capacity / codec->code_dimension < s.vectors", ""),
    Fault("decode", "value);\n                update_inputs(p, vector, place);", "value);"),
    Fault("encode", "capacity < start + CHECKSUM", "capacity < start"),
    Fault("encode", "code_byte(c, value >> 8)", "code_byte(c, value >> 9)"),
    Fault("header", "memset(header, 0, sizeof *header);", "", _MEMORY),
    Fault("decode", "memset(sums, 0, 2 * dimension * sizeof *sums);", "", _MEMORY),
    Fault("encode", "memset(sums, 0, 2 * dimension * sizeof *sums);", "", _MEMORY),
)


def build(fault: Fault, source: Path, folder: Path) -> Path:
    """Build a target with a fault, and return the program."""
    shutil.copytree(source, folder)
    library = folder / "aecodec.c"
    text = library.read_text("utf-8")
    if text.count(fault.right) != 1:
        raise SystemExit(f"aecodec.c does not have {fault.right!r} once: plant another fault")
    library.write_text(text.replace(fault.right, fault.wrong), "utf-8")
    sources = [HERE / f"{fault.target}.c", *sorted(folder.glob("*.c"))]
    sources += [HERE / "mutator.c"] if fault.target != "encode" else []
    program, include = folder / fault.target, (f"-I{HERE}", f"-I{folder}")
    options = [*_OPTIONS, f"-fsanitize=fuzzer,{fault.sanitizers}", *include]
    compiler = os.environ.get("FUZZ_CC", "clang")
    subprocess.run([compiler, *options, "-o", program, *sources], check=True)
    return program


def seconds_to_find(program: Path, corpus: Path) -> float | None:
    """Seconds until a target ends by a finding; None if it finds nothing."""
    found = program.with_name("found")
    found.mkdir()
    options = (f"-max_total_time={_SECONDS}", "-max_len=512", "-verbosity=0", "-seed=1")
    start = time.monotonic()
    done = subprocess.run(
        [program, *options, found, corpus], capture_output=True, check=False, cwd=program.parent
    )
    return time.monotonic() - start if done.returncode else None


def report(fault: Fault, program: Path, corpus: Path) -> bool:
    """Print when a fault was found, and tell whether it was."""
    seconds = seconds_to_find(program, corpus)
    outcome = "NOT FOUND" if seconds is None else f"found in {seconds:.1f} s"
    change = f"{fault.right!r} -> {fault.wrong!r}"
    print(f"{fault.target} under {fault.sanitizers}: {change}: {outcome}", flush=True)
    return seconds is not None


def main(source: str, folder: str) -> int:
    """Plant all faults; 1 if one of them is not found."""
    shutil.rmtree(folder, ignore_errors=True)
    corpus = Path(source).resolve().with_name("corpus")
    found = [
        report(fault, build(fault, Path(source), Path(folder, str(number)).resolve()), corpus)
        for number, fault in enumerate(FAULTS)
    ]
    return int(not all(found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
