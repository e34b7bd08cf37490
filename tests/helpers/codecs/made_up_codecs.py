"""Codecs without some sections, and codecs with another specification."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from aecodec.codec_files.codec_file import SectionKind, pack_codec, without
from aecodec.codec_files.folder import CodecFolder


def leave_out(folder: Path, *kinds: SectionKind) -> None:
    codec = CodecFolder.open(folder)
    sections = codec.sections
    kept = [section for section in sections if section.kind not in kinds]
    codec.file.write_bytes(pack_codec(codec.spec, codec.rdoq, without(sections, keeps=kept)))


def change_spec(folder: Path, **changes: Any) -> None:
    """Change the specification of the codec in a folder, and so its id."""
    codec = CodecFolder.open(folder)
    spec = replace(codec.spec, **changes)
    codec.file.write_bytes(pack_codec(spec, codec.rdoq, codec.sections))
