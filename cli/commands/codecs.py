"""`aecodec codecs`: list codecs with the size and quality of their levels."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.options import Json, complete_codec
from aecodec.cli.shared.texts import codec_lines
from aecodec.codec.codec import Codec
from aecodec.codec.registry import built_in_names, load_codec
from aecodec.data.codecs import name_of


def codecs(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|DIR]",
            help="A built-in codec or a codec folder. Default: all built-in codecs.",
            autocompletion=complete_codec,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the built-in codecs, with the size and quality of each level.

    Sizes are the mean payload per tile in bytes; header and checksum add at least 12 bytes. For
    codecs that accept pictures of any size, the unit is bits per pixel.
    """
    console = Console(as_json=as_json)
    for codec_name in [name] if name else built_in_names():
        with console.errors_as_json(codec_name):
            codec = load_codec(codec_name)
        console.result(codec_lines(codec), _values(codec))


def _values(codec: Codec) -> dict[str, Any]:
    spec = codec.spec
    return {
        "name": name_of(spec.codec_id, spec.name),
        "codec_id": spec.codec_id.hex(),
        "tile": list(spec.tile),
        "channels": spec.channels,
        **({"bands": list(spec.bands.names)} if spec.bands else {}),
        "compresses": codec.folder.compresses,
        "engine": codec.engine,
        "default_level": spec.default_level,
        **codec.folder.measured,
    }
