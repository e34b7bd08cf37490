"""`aecodec export`."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from aecodec import registry, tiling
from aecodec.cli import files, talk
from aecodec.cli.codecs import as_text
from aecodec.cli.needs_tensorflow import tensorflow_for
from aecodec.cli.options import Force, Quiet
from aecodec.errors import ImageError, UsageError
from aecodec.export.kinds import Format, Halves, Precision
from aecodec.samples import sample_paths
from aecodec.spec import CODEC_FILES, CodecSpec

if TYPE_CHECKING:  # what the other commands do not need, they do not load
    from aecodec.codec import Codec
    from aecodec.images import Pixels

_MOST_PICTURES, _MOST_PIXELS = 1000, 1 << 22
_SIZE = "128x128"
_AS_IT_IS = (Format.TFLITE, Precision.INT8, Halves.BOTH)


def export(
    codec: Annotated[
        Optional[str],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Argument(metavar="CODEC", help="A codec that ships, or a codec folder."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where files go.")],
    to: Annotated[Format, typer.Option("--format", help="What to make.")] = Format.TFLITE,
    precision: Annotated[
        Precision, typer.Option("--quantize", help="Of TFLite: int8 is the codec's own.")
    ] = Precision.INT8,
    halves: Annotated[Halves, typer.Option("--half", help="Which networks.")] = Halves.BOTH,
    calibrate: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--calibrate",
            metavar="DATA",
            help="A folder of images, or an .npz or .npy array, to measure on and to calibrate "
            "with. Default for codecs of tiles: the sample digits.",
        ),
    ] = None,
    encoder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--encoder", metavar="FILE", help="Make a codec of this Keras encoder,"),
    ] = None,
    decoder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--decoder", metavar="FILE", help="and of this Keras decoder."),
    ] = None,
    tile: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=8, help="Of such a codec: crops to calibrate on, if any size goes. Default: 64."
        ),
    ] = None,
    levels: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, max=15, help="Of such a codec. Default: 3."),
    ] = None,
    priors: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=1,
            max=1024,
            help="Of such a codec; default 64. Of C: keep the tables of so many; default all.",
        ),
    ] = None,
    level: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option("-q", "--level", help="Whose tables C gets. Default: the codec's own."),
    ] = None,
    size: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--size",
            metavar="WxH",
            help="Of codecs of any size: pixels of the pictures to measure on, and that C is for. "
            f"Default: {_SIZE}.",
        ),
    ] = None,
    report: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--report", metavar="FILE", help="Write the parity report as JSON."),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write a codec's networks in another format, and say how far they are from the float ones.

    TFLite at int8 takes pixel - 128 and gives the codes themselves, or back; at other precisions
    it takes and gives floats. C is a folder that builds as it is: the int8 models as arrays, for
    TensorFlow Lite Micro, the tables of one level, and what makes `.aec` files of the codes. Needs
    TensorFlow.

    With `--encoder`, `--decoder` and `--calibrate` instead of a codec, two models that were trained
    elsewhere become a codec folder.
    """
    if encoder or decoder:
        if codec or not (encoder and decoder and calibrate):
            raise UsageError("a codec is made of --encoder, --decoder and --calibrate together")
        if (to, precision, halves) != _AS_IT_IS or level or size or report:
            raise UsageError(
                "--format, --quantize, --half, --level, --size and --report are for a CODEC: make "
                "one of the models first"
            )
        counts = (tile or 64, levels or 3, priors or 64)
        made = _adopt(encoder, decoder, calibrate, out, *counts, force, quiet)
        talk.result(as_text(made), {}, as_json=False, quiet=quiet, to_stderr=False)
        return
    if not codec:
        raise UsageError("give a CODEC, or --encoder and --decoder to make one of")
    if tile or levels:
        raise UsageError("--tile and --levels are for a codec made of --encoder and --decoder")
    if to is not Format.TFLITE and precision is not Precision.INT8:
        raise UsageError(f"--quantize {precision.value} is for --format tflite")
    if to is not Format.C and (priors or level):
        raise UsageError("--level and --priors are for --format c, which has one level's tables")
    if report:
        files.refuse_overwriting(report, force)
    folder = registry.load_codec(codec).folder
    folder.spec.level(level)  # or there is none
    shape = _shape(folder.spec, size)
    if folder.spec.reach and not calibrate:
        raise UsageError("--calibrate: give pictures of the kind that this codec is for")
    with tensorflow_for("exporting"):
        from aecodec.export.parity import FloatPair
    from aecodec.export.c_folder import device_files
    from aecodec.export.c_tables import CTables
    from aecodec.export.writing import export_half

    tables = CTables(folder, level, priors) if to is Format.C else None
    with talk.warnings_about(calibrate, quiet):
        pair = FloatPair(folder, _pictures(folder.spec.channels, shape, calibrate))
    exported = [export_half(pair, half, to, precision) for half in halves.each]
    contents = {name: data for each in exported for name, data in each.files.items()}
    if tables:
        contents |= device_files(tables, pair.pixels, [each.parity for each in exported])
    _write(contents, out, force)
    if report:
        rows = [each.parity.as_json() for each in exported]
        files.write_bytes(report, json.dumps(rows, indent=1).encode() + b"\n")
    for each in exported:
        talk.result(each.parity.as_text(), {}, as_json=False, quiet=quiet, to_stderr=False)


def _adopt(
    encoder: Path,
    decoder: Path,
    data: Path,
    out: Path,
    tile: int,
    levels: int,
    priors: int,
    force: bool,
    quiet: bool,
) -> Codec:
    targets = [out / name for name in CODEC_FILES]
    files.refuse_own_sources(targets, [encoder, decoder])
    for target in targets:
        files.refuse_overwriting(target, force)
    with tensorflow_for("exporting"):
        from aecodec.export.adopting import codec_of_pair
        from aecodec.training.layers import load_model
    with talk.warnings_as_they_come(quiet):
        return codec_of_pair(
            load_model(encoder),
            load_model(decoder),
            data,
            out,
            name=out.resolve().name,
            tile=tile,
            levels=levels,
            priors=priors,
        )


def _write(contents: dict[str, bytes], out: Path, force: bool) -> None:
    for name in contents:
        files.refuse_overwriting(out / name, force)
    for name, content in contents.items():
        files.write_bytes(out / name, content)


def _shape(spec: CodecSpec, size: str | None) -> tuple[int, int]:
    """(height, width) of the pictures to measure on."""
    if not spec.reach:
        if size:
            raise UsageError(f"--size is for codecs of any size, and {spec.name} has tiles")
        return spec.tile
    found = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", size or _SIZE)
    if not found or int(found[2]) % spec.tile[0] or int(found[1]) % spec.tile[1]:
        raise UsageError(
            f"--size {size or _SIZE}: two sides as in 256x128, here multiples of "
            f"{spec.tile[1]} and {spec.tile[0]}"
        )
    return int(found[2]), int(found[1])


def _pictures(channels: int, shape: tuple[int, int], data: Path | None) -> Pixels:
    """(N, h, w, C) of the calibration set, cut to one shape."""
    import numpy as np

    from aecodec.dataset import open_dataset

    most = max(1, min(_MOST_PICTURES, _MOST_PIXELS // (shape[0] * shape[1])))
    pictures: list[Pixels] = []
    for sample in islice(open_dataset(data or sample_paths()[0].parent), most):
        planes = tiling.to_planes(sample.picture.pixels, channels)
        pictures.extend(tiling.split(planes, shape))
    if not pictures:
        raise ImageError(f"{data}: not one picture can be read")
    return np.stack(pictures[:most])
