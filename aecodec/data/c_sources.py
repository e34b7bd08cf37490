"""C sources that exported firmware contains."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def c_sources(folder: str) -> Path:
    """A folder of C sources: beside the package in a checkout, in the package where installed.

    Args:
        folder: "core" for the code, "firmware" for the templates.

    >>> (c_sources("core") / "aecodec.h").is_file()
    True
    """
    installed = _PACKAGE / "c"
    return (installed if installed.is_dir() else _PACKAGE.parent / "c") / folder
