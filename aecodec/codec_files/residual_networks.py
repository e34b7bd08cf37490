"""The residual networks of a codec, and the default ones."""

from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from aecodec.codec_files.file_names import OPTIONAL_FILES, RESIDUALS, RESIDUALS_OF_BASE
from aecodec.codec_files.folder import CodecFolder
from aecodec.coding.residual_context import MOST_BANDS
from aecodec.coding.residual_network import ResidualNetworks, unpack_networks
from aecodec.errors import CodecError, errors_about

_DEFAULTS = Path(__file__).parent.parent / "data" / "residuals"


def networks_for(folder: CodecFolder, bands: int, *, has_base: bool) -> ResidualNetworks:
    """The networks with which files with this number of bands are refined.

    They are the codec's own networks if it has some for these bands, else the default ones. Raises
    CodecError if they are damaged.
    """
    name = RESIDUALS_OF_BASE if has_base else RESIDUALS
    own = _of_codec(folder, name)
    return own if own and can_code(own, bands) else _default(name)


def can_code(networks: ResidualNetworks, bands: int) -> bool:
    """Whether networks code this number of bands; from the third band on, all read as many."""
    return len(networks.networks) >= min(bands, MOST_BANDS + 1)


def networks_with_id(folder: CodecFolder, identity: bytes) -> ResidualNetworks:
    """The networks with an id, which a file states. Raises CodecError if there are none."""
    for networks in all_networks(folder):
        if networks.identity == identity:
            return networks
    raise CodecError(
        f"the file was refined with the residual networks {identity.hex()}, which neither codec "
        f"{folder.spec.name} nor this version of aecodec has: give the codec that made the file "
        "with --codec, or upgrade aecodec"
    )


def all_networks(folder: CodecFolder) -> Iterator[ResidualNetworks]:
    """Yield the networks for files of a codec: its own networks, then the default ones."""
    own = (_of_codec(folder, name) for name in OPTIONAL_FILES)
    yield from filter(None, chain(own, map(_default, OPTIONAL_FILES)))


def _of_codec(folder: CodecFolder, name: str) -> ResidualNetworks | None:
    """The networks in a codec's folder; None if there are none."""
    if not folder.has(name):
        return None
    content = folder.read(name)
    with errors_about(folder.path / name):
        return _unpacked(content)


def _default(name: str) -> ResidualNetworks:
    return _unpacked((_DEFAULTS / name).read_bytes())


@cache
def _unpacked(content: bytes) -> ResidualNetworks:
    return unpack_networks(content)
