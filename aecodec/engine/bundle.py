"""A bundle: one file with a codec, the tables of selected levels, and its networks as plans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import nearest_level
from aecodec.engine.bundle_head import Section, SectionKind, aligned, head
from aecodec.engine.c_tables import CTables
from aecodec.engine.level_section import level_section
from aecodec.errors import ModelError
from aecodec.network.convert import network_plan

KINDS = {Half.ENCODER: SectionKind.ENCODER, Half.DECODER: SectionKind.DECODER}
_MAX_BYTES = (1 << 32) - 1


def bundle(folder: CodecFolder, plans: Mapping[Half, bytes], levels: Sequence[float] = ()) -> bytes:
    """Convert a codec to a bundle with `plans`, as :func:`plans_of` returns them, and tables of
    `levels`.

    All levels are included if `levels` is empty. A level between whole levels has the tables of the
    nearest whole level.

    Raises ModelError if a table is too large for C or the bundle has 4 GiB or more, and UsageError
    if the codec has no such level.
    """
    return join_sections(folder, sections_of(folder, plans, levels))


def join_sections(folder: CodecFolder, sections: Sequence[Section]) -> bytes:
    """Join sections to a bundle; raise ModelError if it has 4 GiB or more."""
    content = head(folder, sections)
    for section in sections:
        content = content.ljust(aligned(len(content)), b"\0") + section.content
    if len(content) > _MAX_BYTES:
        raise ModelError(
            f"the bundle of codec {folder.spec.name} has {len(content)} bytes; it must be smaller "
            "than 4 GiB: choose fewer levels"
        )
    return content


def plans_of(folder: CodecFolder, halves: Iterable[Half] = Half) -> dict[Half, bytes]:
    """Convert the networks that a codec folder contains to plans.

    Raises CodecError if a model is damaged, and ModelError if C lacks one of its operators.
    """
    is_any_size = folder.spec.receptive_field > 0
    return {
        half: network_plan(folder.read(half.tflite), is_any_size=is_any_size)
        for half in halves
        if folder.has(half.tflite)
    }


def sections_of(
    folder: CodecFolder, plans: Mapping[Half, bytes], levels: Sequence[float] = ()
) -> list[Section]:
    """Make the sections of :func:`bundle`, for hosts that serve each section as a file."""
    networks = [Section(KINDS[half], 0, plan) for half, plan in plans.items()]
    return [*networks, *_levels(folder, levels)]


def _levels(folder: CodecFolder, levels: Sequence[float]) -> Iterator[Section]:
    spec = folder.spec
    levels = levels or range(1, len(spec.levels) + 1)
    for number in sorted({nearest_level(spec.level_index(level)) for level in levels}):
        yield Section(SectionKind.LEVEL, number, level_section(CTables(folder, number)))
