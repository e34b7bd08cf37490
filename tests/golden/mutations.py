"""Break the decoder in every rule of the format, and see that a golden file notices.

    python tests/golden/mutations.py            # all of them
    python tests/golden/mutations.py NUMBER     # one, in this process

A mutation changes one line of the source while it is imported. Golden files are decoded to their
codes, latents and pixels, and files that are to be refused are checked, until one of them fails.
"""

from __future__ import annotations

import importlib.machinery
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from broken_rules import CODER, MUTATIONS, Mutation

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

FOUND, NOT_FOUND = 10, 11
"""Exit statuses; any other says that the mutation itself is broken."""


def install(mutation: Mutation) -> None:
    """Have a module imported with a mutation, and the range coder in Python."""
    path = ROOT / "aecodec" / (mutation.module.replace(".", "/") + ".py")
    source = path.read_text("utf-8")
    if source.count(mutation.old) != 1:
        raise SystemExit(
            f"{mutation.module}: {mutation.old!r} occurs {source.count(mutation.old)} times"
        )
    changed = source.replace(mutation.old, mutation.new).encode()
    original = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: importlib.machinery.SourceFileLoader, name: str) -> object:
        if name == f"aecodec.{mutation.module}":
            return compile(changed, str(path), "exec", dont_inherit=True)
        return original(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code
    if mutation.module == CODER:
        sys.modules["constriction"] = None


def complaints() -> Iterator[str]:
    """The golden files that decode to something else, and those that are not refused."""
    from helpers.codecs.golden import GOLDEN, REFUSED, codec_of, digests, listed

    from aecodec.errors import FormatError

    for path in sorted(REFUSED.glob("*.aec")):
        data = path.read_bytes()
        try:
            codec_of(data).decoder.check(data)
            yield f"{path.stem} is not refused"
        except FormatError:
            pass
    expected = dict(listed((ROOT / "docs" / "FORMAT.md").read_text("utf-8")))
    for path in sorted(GOLDEN.glob("*.aec"), key=lambda each: each.stat().st_size):
        try:
            found = digests(path.read_bytes())
        except Exception as error:  # whatever a broken decoder does
            yield f"{path.stem}: {type(error).__name__}"
            continue
        for kind, one, other in zip(found._fields, found, expected[path.stem], strict=True):
            if one != other:
                yield f"{path.stem}: other {kind}"


def run_one(number: int) -> None:
    """Apply a mutation, and end with what was found; without one (-1), nothing may be found."""
    sys.path[:0] = [str(ROOT), str(HERE.parent)]
    if number >= 0:
        install(MUTATIONS[number])
    complaint = next(complaints(), None)
    print(complaint or "nothing")
    sys.exit(FOUND if complaint else NOT_FOUND)


def run(number: int) -> tuple[bool, str]:
    """Run a mutation in a process of its own: whether a golden file notices, and which."""
    result = subprocess.run(
        [sys.executable, __file__, str(number)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode not in (FOUND, NOT_FOUND):
        raise RuntimeError(f"mutation {number} does not run: {result.stderr}")
    return result.returncode == FOUND, result.stdout.strip().splitlines()[-1]


def run_all() -> None:
    """Run all mutations, and list what notices each."""
    noticed = 0
    for number, mutation in enumerate(MUTATIONS):
        is_noticed, complaint = run(number)
        noticed += is_noticed
        print(
            f"{'noticed' if is_noticed else 'NOT NOTICED':12}{mutation.rule:60}{complaint}",
            flush=True,
        )
    print(f"{noticed} of {len(MUTATIONS)}")
    sys.exit(noticed < len(MUTATIONS))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run_one(int(sys.argv[1]))
    run_all()
