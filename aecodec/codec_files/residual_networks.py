"""The residual networks of a codec, and the default ones."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from aecodec.codec_files.codec_file import Section, SectionKind
from aecodec.codec_files.folder import CodecFolder
from aecodec.coding.residual_network import ResidualNetworks
from aecodec.errors import CodecError, errors_about

_DEFAULTS = Path(__file__).parent.parent / "data" / "residuals"


def networks_for(folder: CodecFolder, bands: int, *, has_base: bool) -> ResidualNetworks:
    """The networks with which files with this number of bands are refined.

    They are the first ones of the codec for these bands. Raises CodecError if the codec file lacks
    them, or they are damaged.
    """
    for is_of_base, content in folder.residuals:
        if is_of_base == has_base and can_code(networks := _networks(folder, content), bands):
            return networks
    raise CodecError(f"{folder.file}: without residual networks; give the whole codec")


def can_code(networks: ResidualNetworks, bands: int) -> bool:
    """Whether networks code this number of bands; from the third band on, all read as many."""
    return networks.count >= min(bands, 3)


def networks_with_id(folder: CodecFolder, identity: bytes) -> ResidualNetworks:
    """The networks with an id, which a file states. Raises CodecError if there are none."""
    for _, content in folder.residuals:
        if (networks := _networks(folder, content)).identity == identity:
            return networks
    raise CodecError(
        f"the file was refined with the residual networks {identity.hex()}, which codec "
        f"{folder.spec.name} lacks: give the codec that made the file with --codec"
    )


def _networks(folder: CodecFolder, content: bytes) -> ResidualNetworks:
    with errors_about(folder.file):
        return _unpacked(content)


@cache
def _unpacked(content: bytes) -> ResidualNetworks:
    return ResidualNetworks(content)


def residual_sections(own: Sequence[bytes] = ()) -> list[Section]:
    """Make the sections of residual networks: the codec's own ones, then the default ones.

    Equal networks occur once.
    """
    contents = [*own, *(path.read_bytes() for path in sorted(_DEFAULTS.iterdir()))]
    return [
        Section.of(SectionKind.RESIDUALS, content, level=int(ResidualNetworks(content).has_base))
        for content in dict.fromkeys(contents)
    ]
