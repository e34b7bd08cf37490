"""`libaecodec` for tests; those that need it are skipped where it cannot be built."""

from __future__ import annotations

import shutil

import pytest

from benchmarks.c_codec import TOOLS

missing = [tool for tool in TOOLS if not shutil.which(tool)]

needs_library = pytest.mark.skipif(
    bool(missing), reason=f"libaecodec is not built without {', '.join(missing)}"
)
