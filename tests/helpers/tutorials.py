"""Follows tutorials: writes their files, runs their commands, and compares the output.

    PYTHONPATH=tests python -m helpers.tutorials dist/*.whl docs/tutorials/*.md examples/*.ipynb

runs the install line of each document for this Python, with the wheel as `aecodec`, before the
document. A notebook is executed.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers.documents import blocks_of

_SKIPPED = re.compile(r"pip install|http\.server")
"""Commands that do not end, or change the environment."""

_INSTALL = re.compile(r"pip install [^`\n\"]+")

_LONG, _SHORT = "epochs=30", "epochs=1"


def follow(tutorial: Path, folder: Path) -> None:
    """Do all steps of a tutorial in an empty folder, with an empty HOME.

    A block with a title is a file, and a block of `text` is the standard output of the commands
    before it. Words with digits may differ; a line `...` stands for any number of lines. Raises
    AssertionError if a command fails, or prints something else.
    """
    output = ""
    for block in blocks_of(tutorial):
        text = block.text.replace(_LONG, _SHORT)
        if block.title:
            (folder / block.title).write_text(text, "utf-8")
        elif block.language == "sh":
            output = _run([line for line in text.splitlines() if not _SKIPPED.search(line)], folder)
        elif block.language == "text":
            any_lines = re.escape("...\n")
            pattern = re.escape(_without_digits(text)).replace(any_lines, r"(?:.*\n)*")
            assert re.fullmatch(pattern, _without_digits(output)), f"{text}is now\n{output}"


def _without_digits(text: str) -> str:
    lines = (" ".join(re.sub(r"\S*\d\S*", "#", line).split()) for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines)


def _run(lines: list[str], folder: Path) -> str:
    home = folder.with_name(f"{folder.name}_home")
    home.mkdir(exist_ok=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HOME": str(home)}
    environment.pop("PYTHONPATH", None)
    script = ["bash", "-e", "-o", "pipefail", "-c", "\n".join(lines)]
    done = subprocess.run(
        script, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{lines}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def install(document: Path, wheel: str) -> None:
    for line in _INSTALL.findall(document.read_text("utf-8")):
        arguments = shlex.split(line.replace("aecodec", wheel))
        subprocess.run([sys.executable, "-m", *arguments, "--quiet"], check=True)


def execute(notebook: Path, folder: Path) -> None:
    """Execute a notebook, with a short training; AssertionError if it shows no picture."""
    copy = Path(shutil.copy(notebook, folder))  # Jupyter runs in the folder of the notebook
    _run([f"MINUTES=0.05 jupyter nbconvert --to notebook --execute --inplace {copy.name}"], folder)
    assert '"image/png"' in copy.read_text("utf-8")


if __name__ == "__main__":
    wheel, *documents = sys.argv[1:]
    for document in map(Path, documents):
        install(document, wheel)
        with tempfile.TemporaryDirectory() as parent:
            (Path(parent) / "work").mkdir()
            (execute if document.suffix == ".ipynb" else follow)(document, Path(parent) / "work")
        print(f"{document}: followed")
