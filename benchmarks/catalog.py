"""The catalog of benchmarks: each is a module in one of four folders.

The first line of its docstring is the question that it answers.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from benchmarks.harness import Benchmark

FOLDERS = ("quality", "exactness", "speed", "c")


@dataclass(frozen=True)
class Entry:
    """A benchmark.

    Attributes:
        folder: folder of its module.
        name: name on the command line, which is its module's.
        question: question that it answers, the first line of its module's docstring.
    """

    folder: str
    name: str
    question: str

    def load(self) -> Benchmark:
        """Import its module, which may load TensorFlow."""
        return cast(Benchmark, import_module(f"benchmarks.{self.folder}.{self.name}"))


def entries() -> list[Entry]:
    """All benchmarks, folder by folder; no module is imported.

    >>> [entry.name for entry in entries() if entry.folder == "exactness"]
    ['backends', 'c_library', 'device', 'hostile_files', 'int8_loss', 'parity', 'wasm', 'windows']
    """
    root = Path(__file__).parent
    return [
        Entry(folder, path.stem, _first_line(path))
        for folder in FOLDERS
        for path in sorted((root / folder).glob("*.py"))
        if path.stem != "__init__"
    ]


def listing() -> str:
    """One line per benchmark, with its name and its question, below the name of its folder.

    >>> print(*(" ".join(line.split()) for line in listing().splitlines()[:2]), sep="\\n")
    quality
    adoption What do Keras pairs of 24 families lose as they become codecs?
    """
    found = entries()
    width = max(len(entry.name) for entry in found)
    lines: dict[str, list[str]] = {folder: [folder] for folder in FOLDERS}
    for entry in found:
        lines[entry.folder].append(f"  {entry.name:<{width}}  {entry.question}")
    return "\n".join(line for of_folder in lines.values() for line in of_folder)


def _first_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return docstring.partition("\n")[0]
