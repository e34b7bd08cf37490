"""`aecodec codecs`: list codecs and what their levels cost."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import typer

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.options import Json, complete_codec
from aecodec.cli.shared.texts import codec_text
from aecodec.codec.codec import Codec
from aecodec.codec.registry import built_in_names, load_codec
from aecodec.data.codecs import name_of


def codecs(
    name: Annotated[
        Optional[str],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Argument(
            metavar="[NAME|DIR]",
            help="One codec. Default: all that ship.",
            autocompletion=complete_codec,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the codecs that ship, and what each of their levels costs.

    Bytes are those of the payload, the mean per tile; a file adds 12 and more. For codecs of
    pictures of any size they are bits per pixel.
    """
    console = Console(as_json=as_json)
    for each in [name] if name else built_in_names():
        with console.errors_as_json(each):
            chosen = load_codec(each)
        console.result(codec_text(chosen), _values(chosen))


def _values(codec: Codec) -> dict[str, Any]:
    spec = codec.spec
    return {
        "name": name_of(spec.codec_id, spec.name),
        "codec_id": spec.codec_id.hex(),
        "tile": list(spec.tile),
        "channels": spec.channels,
        "compresses": codec.folder.compresses,
        "engine": codec.engine,
        "default_level": spec.default_level,
        **codec.folder.measured,
    }
