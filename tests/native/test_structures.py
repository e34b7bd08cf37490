"""The structures of the binding are those of the headers, as a compiler lays them out."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from pathlib import Path

from helpers.documents import ROOT
from helpers.programs import needs

from aecodec.native import structures

CLASSES = [
    value
    for value in vars(structures).values()
    if isinstance(value, type) and "_fields_" in vars(value)
]


def test_those_of_javascript_are_generated() -> None:
    path = ROOT / "web" / "src" / "structures.js"
    before = path.read_bytes()
    subprocess.run([sys.executable, ROOT / "c" / "structures.py"], check=True)
    assert path.read_bytes() == before


def test_a_compiler_places_the_same_fields(tmp_path: Path) -> None:
    needs("cc")
    assertions = []
    for structure in CLASSES:
        name = "aecodec" + re.sub("([A-Z])", r"_\1", structure.__name__).lower()
        assertions.append(f"sizeof({name}) == {ctypes.sizeof(structure)}")
        for field, *_ in structure._fields_:
            place = getattr(structure, field).offset
            assertions.append(f"offsetof({name}, {field}) == {place}")
    assert len(assertions) > 100
    source = tmp_path / "layout.c"
    lines = (f'_Static_assert({assertion}, "{assertion}");' for assertion in assertions)
    headers = ("<stddef.h>", '"aecodec_library.h"', '"aecodec_network.h"', '"aecodec_fitting.h"')
    includes = ("#define AECODEC_LIBRARY", *(f"#include {header}" for header in headers))
    source.write_text("\n".join([*includes, *lines]))
    include = [f"-I{ROOT / 'c' / folder}" for folder in ("core", "library")]
    subprocess.run(["cc", *include, "-c", source, "-o", tmp_path / "layout.o"], check=True)
