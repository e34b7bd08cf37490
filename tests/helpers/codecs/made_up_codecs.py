"""Codecs with any tables, which have no networks, and codecs with another specification."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from aecodec.codec_files.codec_file import SectionKind, pack_codec, without
from aecodec.codec_files.folder import CodecFolder, write_folder
from aecodec.codec_files.levels import Level
from aecodec.codec_files.spec import CodecSpec
from aecodec.prior_fitting.level_tables import sections_of
from aecodec.prior_fitting.prior import Prior

TILE = (4, 5)
SPARE = 3  # channels of other levels


def folder_of(
    prior: Prior, level: Level, channels: int, receptive_field: int, path: Path
) -> CodecFolder:
    """A codec with these tables, and without networks."""
    spec = CodecSpec("any", TILE, channels, level.stop + SPARE, (level,), 1, receptive_field)
    return write_folder(path, spec, sections_of(spec, {}, [prior]))


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
