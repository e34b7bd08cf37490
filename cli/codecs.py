"""`aecodec codecs`."""

from __future__ import annotations

import json
from typing import Annotated, Any, Optional

import typer

from aecodec.cli.options import Json
from aecodec.codec import Codec
from aecodec.registry import built_in_names, load_codec


def codecs(
    name: Annotated[
        Optional[str],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Argument(metavar="[NAME|DIR]", help="One codec; all that ship if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the codecs that ship, and what each of their levels costs.

    Bytes are those of the payload, the mean of one tile; a file adds 12 and more.
    """
    for chosen in map(load_codec, [name] if name else built_in_names()):
        typer.echo(json.dumps(_values(chosen)) if as_json else as_text(chosen))


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


def as_text(codec: Codec) -> str:
    """A codec and its levels in a few lines."""
    spec = codec.spec
    kind = "grey" if spec.channels == 1 else "RGB"
    title = f"{spec.name} ({spec.codec_id.hex()}): {spec.tile[1]}x{spec.tile[0]} {kind} tiles"
    lines = [
        f"  level {number}  {level['payload_bytes']:6.2f} bytes  {level['psnr']:6.2f} dB"
        + ("  (default)" if number == spec.default_level else "")
        for number, level in enumerate(codec.folder.measured.get("levels", []), start=1)
    ]
    return "\n".join([title, *lines])
