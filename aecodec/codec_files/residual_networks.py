"""The sections of residual networks in codec files."""

from collections.abc import Sequence
from pathlib import Path

from aecodec.codec_files.codec_file import Section, SectionKind

_DEFAULTS = Path(__file__).parent.parent / "data" / "residuals"


def residual_sections(own: Sequence[bytes] = ()) -> list[Section]:
    """Make the sections of residual networks: the codec's own ones, then the default ones.

    Equal networks occur once.
    """
    contents = [*own, *(path.read_bytes() for path in sorted(_DEFAULTS.iterdir()))]
    return [
        Section.of(SectionKind.RESIDUALS, content, level=content[0])
        for content in dict.fromkeys(contents)
    ]
