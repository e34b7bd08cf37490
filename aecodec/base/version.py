"""The version of the installed package."""


def version() -> str:
    """Read the version of aecodec from its package metadata."""
    from importlib import metadata  # takes 20 ms to import

    return metadata.version("aecodec")
