"""`aecodec codecs`: list codecs and what their levels cost."""

from __future__ import annotations

import json
from typing import Annotated, Any, Optional

import typer

from aecodec.cli.shared.options import Json
from aecodec.cli.shared.texts import codec_text
from aecodec.codec.codec import Codec
from aecodec.codec.registry import built_in_names, load_codec


def codecs(
    name: Annotated[
        Optional[str],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Argument(metavar="[NAME|DIR]", help="One codec. Default: all that ship."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the codecs that ship, and what each of their levels costs.

    Bytes are those of the payload, the mean per tile; a file adds 12 and more. For codecs of
    pictures of any size they are bits per pixel.
    """
    for chosen in map(load_codec, [name] if name else built_in_names()):
        typer.echo(json.dumps(_values(chosen)) if as_json else codec_text(chosen))


def _values(codec: Codec) -> dict[str, Any]:
    spec = codec.spec
    return {
        "name": spec.name,
        "codec_id": spec.codec_id.hex(),
        "tile": list(spec.tile),
        "channels": spec.channels,
        "default_level": spec.default_level,
        **codec.folder.measured,
    }
