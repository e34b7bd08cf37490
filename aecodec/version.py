"""The version of the installed package."""

from __future__ import annotations


def version() -> str:
    """Version of aecodec, as its package metadata states it."""
    from importlib import metadata  # takes 20 ms to import

    return metadata.version("aecodec")
