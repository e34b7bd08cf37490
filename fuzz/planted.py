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
    """A change of a C file, and the target that must notice it, under some sanitizers."""

    target: str
    right: str
    wrong: str
    sanitizers: str = "address,undefined"
    file: str = "aecodec.c"

    @property
    def prefix(self) -> str:
        """What the names of the folders of sources and inputs begin with."""
        return "network-" if self.target == "network" else ""


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
    Fault("network", "is_same(one, &call->out) &&", "", file="aecodec_operators.c"),
    Fault("network", " && least >= 0", "", file="aecodec_operators.c"),
    Fault("network", "first >= skip - side && ", "", file="aecodec_operators.c"),
    Fault("network", " && other->columns == out->channels", "", file="aecodec_operators.c"),
    Fault("network", " && size <= plan[PLAN_SIZE] - offset", "", file="aecodec_operators.c"),
    Fault("network", "AECODEC_GROUP); /* the last", "0); /* the", _MEMORY, "aecodec_kernels.c"),
)


def build(fault: Fault, source: Path, folder: Path) -> Path:
    """Build a target with a fault, and return the program."""
    shutil.copytree(source, folder)
    library = folder / fault.file
    text = library.read_text("utf-8")
    if text.count(fault.right) != 1:
        raise SystemExit(f"{fault.file} does not have {fault.right!r} once: plant another fault")
    library.write_text(text.replace(fault.right, fault.wrong), "utf-8")
    sources = [HERE / f"{fault.target}.c", *sorted(folder.glob("*.c"))]
    sources += [HERE / "mutator.c"] if fault.target in ("header", "decode") else []
    program, include = folder / fault.target, (f"-I{HERE}", f"-I{folder}")
    options = [*_OPTIONS, f"-fsanitize=fuzzer,{fault.sanitizers}", *include]
    compiler = os.environ.get("FUZZ_CC", "clang")
    subprocess.run([compiler, *options, "-o", program, *sources], check=True)
    return program


def seconds_to_find(program: Path, corpus: Path) -> float | None:
    """Seconds until a target ends by a finding; None if it finds nothing."""
    found = program.with_name("found")
    found.mkdir()
    most = 8192 if program.name == "network" else 512
    options = (f"-max_total_time={_SECONDS}", f"-max_len={most}", "-verbosity=0", "-seed=1")
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
    prepared, found = Path(source).resolve().parent, []
    for number, fault in enumerate(FAULTS):
        sources, corpus = (prepared / f"{fault.prefix}{name}" for name in ("source", "corpus"))
        program = build(fault, sources, Path(folder, str(number)).resolve())
        found.append(report(fault, program, corpus))
    return int(not all(found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
