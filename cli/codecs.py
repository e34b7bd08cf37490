"""`aecodec codecs`."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Optional

import typer

from aecodec.cli.options import Json
from aecodec.codec import Codec
from aecodec.registry import built_in_names, load_codec
from aecodec.spec import CodecSpec


def codecs(
    name: Annotated[
        Optional[str],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Argument(metavar="[NAME|DIR]", help="One codec; all that ship if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the codecs that ship, and what each of their levels costs.

    Bytes are those of the payload, the mean of one tile; a file adds 12 and more. For codecs of
    pictures of any size they are bits a pixel.
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


def _cost(spec: CodecSpec, payload_bytes: float) -> str:
    """Bytes a tile; where that is what one code vector stands for, bits a pixel."""
    if spec.reach:
        return f"{8 * payload_bytes / math.prod(spec.tile):6.3f} bpp"
    return f"{payload_bytes:6.2f} bytes"


def as_text(codec: Codec) -> str:
    """A codec and its levels in a few lines."""
    spec = codec.spec
    kind = "grey" if spec.channels == 1 else "RGB"
    sizes = "any size" if spec.reach else f"{spec.tile[1]}x{spec.tile[0]} tiles"
    title = f"{spec.name} ({spec.codec_id.hex()}): {kind}, {sizes}"
    lines = [
        f"  level {number}  {_cost(spec, level['payload_bytes'])}  {level['psnr']:6.2f} dB"
        + ("  (default)" if number == spec.default_level else "")
        for number, level in enumerate(codec.folder.measured.get("levels", []), start=1)
    ]
    return "\n".join([title, *lines])
