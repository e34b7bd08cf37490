"""Write the notebook with the cells of own_codec.py: python examples/make_notebook.py"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SCRIPT = HERE / "own_codec.py"


def notebook_of(script: str) -> dict[str, Any]:
    """Convert a script, whose cells start with `# %%`, to a Jupyter notebook (nbformat 4.5)."""
    cells = re.split(r"^# %%(.*)\n", script, flags=re.MULTILINE)[1:]
    return {
        "cells": [
            _cell(f"cell{number}", kind.strip(), text.strip("\n"))
            for number, (kind, text) in enumerate(zip(cells[::2], cells[1::2], strict=True))
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(name: str, kind: str, text: str) -> dict[str, Any]:
    if kind == "[markdown]":
        prose = re.sub(r"^# ?", "", text, flags=re.MULTILINE)
        return {"cell_type": "markdown", "id": name, "metadata": {}, "source": _lines(prose)}
    code = {"cell_type": "code", "id": name, "metadata": {}, "source": _lines(text)}
    return {**code, "execution_count": None, "outputs": []}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def main() -> None:
    notebook = notebook_of(SCRIPT.read_text("utf-8"))
    text = json.dumps(notebook, indent=1, sort_keys=True) + "\n"
    SCRIPT.with_suffix(".ipynb").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
