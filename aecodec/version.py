"""The version of the installed package."""

from __future__ import annotations


def version() -> str:
    """Read the version of aecodec from its package metadata."""
    from importlib import metadata  # takes 20 ms to import

    return metadata.version("aecodec")
