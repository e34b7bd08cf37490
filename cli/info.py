"""`aecodec info`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from aecodec import container
from aecodec.cli import files, talk
from aecodec.cli.options import Json
from aecodec.container import LEVEL_UNITS, NOT_REDUCED, Header
from aecodec.errors import FormatError
from aecodec.registry import built_in_names, load_codec
from aecodec.spec import CodecSpec


def info(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help=".aec files, or - for standard input.")
    ],
    as_json: Json = False,
) -> None:
    """Say what .aec files are: size, mode, codec, level, payload. Needs no codec."""

    def describe(path: Path) -> None:
        data = files.read_bytes(path, FormatError)
        values = _describe(*container.unpack(data), len(data))
        text = ", ".join(f"{name} {value}" for name, value in values.items() if value is not None)
        talk.result(
            f"{talk.name_of(path)}: {text}",
            {"file": str(path), **values},
            as_json,
            quiet=False,
            to_stderr=False,
        )

    talk.run_all(inputs, describe, quiet=True)


def _describe(header: Header, payload: bytes, size: int) -> dict[str, Any]:
    spec = _known(header.codec_id)
    width, height = header.size or (spec.tile[::-1] if spec else (None, None))
    return {
        "bytes": size,
        "version": container.VERSION,
        "width": width,
        "height": height,
        "mode": header.mode.name,
        "frames": header.frames,
        "codec": spec.name if spec else None,
        "codec_id": header.codec_id.hex(),
        "level": _level(header, spec),
        "reduction": _reduction(header),
        "payload": len(payload),
        "alpha": len(header.alpha),
        "metadata": sum(map(len, header.metadata.values())),
    }


def _known(codec_id: bytes) -> CodecSpec | None:
    """The codec that ships with this id; only to add what the file leaves to it."""
    specs = (load_codec(name).spec for name in built_in_names())
    return next((spec for spec in specs if spec.codec_id == codec_id), None)


def _reduction(header: Header) -> float | None:
    """How many times smaller the sides were coded; None if they were not."""
    return None if header.reduction == NOT_REDUCED else header.reduction / NOT_REDUCED


def _level(header: Header, spec: CodecSpec | None) -> float | None:
    if header.level is not None:
        return header.level / LEVEL_UNITS
    return spec.default_level if spec else None
