"""Codecs with another specification."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from aecodec.codec_files.codec_file import pack_codec
from aecodec.codec_files.folder import CodecFolder


def change_spec(folder: Path, **changes: Any) -> None:
    """Change the specification of the codec in a folder, and so its id."""
    codec = CodecFolder.open(folder)
    spec = replace(codec.spec, **changes)
    codec.file.write_bytes(pack_codec(spec, codec.rdoq, codec.sections))
