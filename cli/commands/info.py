"""`aecodec info`: describe .aec files."""

from __future__ import annotations

import time
from typing import Any

from aecodec.base.errors import CodecError
from aecodec.base.parallel import Workers
from aecodec.cli.batch.run import run_all
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import AEC_FILES, Source, expand
from aecodec.cli.shared.file_io import read_bytes
from aecodec.cli.shared.options import AecFiles, Json
from aecodec.codec.registry import codec_with_id
from aecodec.codec_files.spec import CodecSpec
from aecodec.format.arrays import Samples
from aecodec.format.container import LEVEL_UNITS, NOT_REDUCED, Header
from aecodec.format.kept_tags import names_in
from aecodec.native.headers import header_of, read_info

_TIME = "%Y-%m-%dT%H:%M:%SZ"


def info(inputs: AecFiles, as_json: Json = False) -> None:
    """Print size, mode, level and refinements of .aec files, even if their codec is unknown."""
    run_all(Console(as_json=as_json), expand(inputs, AEC_FILES), _describe_file)


def _describe_file(source: Source, console: Console, _: Workers) -> None:
    data = read_bytes(source.path)
    values = _describe(data)
    text = ", ".join(f"{name} {value}" for name, value in values.items() if value is not None)
    console.result(f"{name_of(source)}: {text}", {"source": str(source.path), **values})


def _describe(data: bytes) -> dict[str, Any]:
    info = read_info(data)
    header = header_of(data, info)
    spec, origin = _spec_of(header.codec_id), header.origin
    level: float | None = spec.default_level if spec else None
    level = level if header.level is None else header.level / LEVEL_UNITS
    reduction = header.reduction / NOT_REDUCED  # by which the sides were reduced before coding
    width, height = header.size or (spec.tile[::-1] if spec else (None, None))
    return {
        "bytes": len(data),
        "version": info.version,
        "width": width,
        "height": height,
        "mode": None if header.samples else header.picture_mode.name,
        "frames": header.frames,
        **(_describe_samples(header.samples, header, spec) if header.samples else {}),
        "codec": spec.name if spec else None,
        "codec_id": header.codec_id.hex(),
        "level": level if header.has_base else None,
        "reduction": None if reduction == 1 else reduction,
        "payload_bytes": info.payload.size,
        **_describe_refinements(header, info.base.size),
        "alpha_bytes": len(header.alpha),
        "metadata_bytes": sum(map(len, header.metadata.values())),
        "source_suffix": origin.suffix if origin else None,
        "source_time": None
        if origin is None
        else time.strftime(_TIME, time.gmtime(origin.modified)),
    }


def _describe_refinements(header: Header, base_size: int) -> dict[str, Any]:
    """Bytes of the base and each refinement; each error is a number or one for each band."""
    if not header.refinements:
        return {"base_bytes": None, "guaranteed_errors": None, "refinement_bytes": None}
    bounds = [[bound.json for bound in part.bounds] for part in header.refinements]
    return {
        "base_bytes": base_size if header.has_base else 0,
        "guaranteed_errors": [errors[0] if len(errors) == 1 else errors for errors in bounds],
        "refinement_bytes": [part.size for part in header.refinements],
    }


def _describe_samples(samples: Samples, header: Header, spec: CodecSpec | None) -> dict[str, Any]:
    names = names_in(header.metadata, samples.bands)
    names = names or (spec.bands.names if spec and spec.bands else None)
    return {
        "type": samples.type.dtype,
        "byte_order": "big" if samples.is_big_endian else "little",
        "axes": samples.layout.name,
        "bands": samples.bands,
        "band_names": names and list(names),
        "nodata": samples.nodata,
        "limits": samples.limits and [list(limits) for limits in samples.limits],
    }


def _spec_of(codec_id: bytes) -> CodecSpec | None:
    """The specification of the codec with this id; None if it is not installed."""
    try:
        return codec_with_id(codec_id).spec
    except CodecError:
        return None
