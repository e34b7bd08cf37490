"""C sources that exported firmware contains."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def c_sources(folder: str) -> Path:
    """A folder of C sources, "core" or "firmware" (the templates), in the package or next to it.

    In a checkout, the sources are next to the package.

    >>> (c_sources("core") / "aecodec.h").is_file()
    True
    """
    installed = _PACKAGE / "c"
    return (installed if installed.is_dir() else _PACKAGE.parent / "c") / folder
