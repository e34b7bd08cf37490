"""A bundle: a codec with the tables of chosen levels and its networks as plans, in one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from aecodec.bundle.head import Kind, Section, aligned, head
from aecodec.bundle.level_section import level_section
from aecodec.bundle.tables import CTables
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import nearest_whole
from aecodec.errors import ModelError
from aecodec.network.convert import network_plan

KINDS = {Half.ENCODER: Kind.ENCODER, Half.DECODER: Kind.DECODER}
_MAX_BYTES = (1 << 32) - 1


def bundle(folder: CodecFolder, plans: Mapping[Half, bytes], levels: Sequence[float] = ()) -> bytes:
    """A codec as a bundle.

    Args:
        folder: the codec.
        plans: its networks, one or both, as :func:`plans_of` makes them.
        levels: the levels whose tables it has; all if empty. A level between two has the tables of
            the nearer one.

    Raises:
        ModelError: the library has no room for the tables of a level, or the bundle has 4 GiB or
            more.
        UsageError: the codec has no such level.
    """
    return join_sections(folder, sections_of(folder, plans, levels))


def join_sections(folder: CodecFolder, sections: Sequence[Section]) -> bytes:
    """A bundle of some sections.

    Raises:
        ModelError: it would have 4 GiB or more.
    """
    content = head(folder, sections)
    for each in sections:
        content = content.ljust(aligned(len(content)), b"\0") + each.content
    if len(content) > _MAX_BYTES:
        raise ModelError(f"codec {folder.spec.name} is larger than a bundle may be: 4 GiB")
    return content


def plans_of(folder: CodecFolder, halves: Iterable[Half] = Half) -> dict[Half, bytes]:
    """The networks of a codec as plans: those of the halves that its folder has.

    Raises:
        CodecError: a model is damaged.
        ModelError: it has an operator that C lacks.
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
    """The sections of :func:`bundle`, for hosts that serve each as a file of its own."""
    networks = [Section(KINDS[half], 0, plan) for half, plan in plans.items()]
    return [*networks, *_levels(folder, levels)]


def _levels(folder: CodecFolder, levels: Sequence[float]) -> Iterator[Section]:
    spec = folder.spec
    wanted = levels or range(1, len(spec.levels) + 1)
    for number in sorted({nearest_whole(spec.units_of(level)) for level in wanted}):
        yield Section(Kind.LEVEL, number, level_section(CTables(folder, number)))
