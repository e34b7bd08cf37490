"""TIFF files for tests."""

from __future__ import annotations

import io
from typing import Any

import pytest

tifffile = pytest.importorskip("tifffile")


def tiff(*pages: Any, byte_order: str = "<", big: bool = False, **options: Any) -> bytes:
    """A TIFF file; a page is an array, or an array with options."""
    content, options = io.BytesIO(), {"photometric": "minisblack", "metadata": None, **options}
    with tifffile.TiffWriter(content, byteorder=byte_order, bigtiff=big) as writer:
        for page in pages:
            array, own = page if isinstance(page, tuple) else (page, {})
            writer.write(array, **{**options, **own})
    return content.getvalue()
