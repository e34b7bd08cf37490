"""`aecodec verify`: tell whole files from damaged ones, and check device folders."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Annotated, Optional

import typer

from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.files import read_bytes
from aecodec.cli.shared.jobs import expand, is_aec
from aecodec.cli.shared.options import CodecName
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_of_file, codec_with_id, load_codec
from aecodec.errors import CodecError, FormatError, UsageError


def verify(
    inputs: Annotated[
        Optional[list[Path]],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Argument(
            metavar="FILE...",
            help=".aec files, folders of them, or - for standard input; with --device, images.",
        ),
    ] = None,
    device: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--device",
            metavar="DIR",
            help="Verify a folder of aecodec export --format c instead. Default of FILE: the "
            "sample digits.",
        ),
    ] = None,
    codec: CodecName = None,
) -> None:
    """Tell whole .aec files from damaged ones.

    The checksum and the fields are checked; where the codec ships or is named, the codes and the
    alpha plane are decoded too.

    With --device, a folder that was exported as C is built with this machine's compiler, its
    encoder network is run in TensorFlow Lite Micro, and the files and codes of its C are compared
    with Python's. Needs tflite-micro. --codec names a codec that does not ship.
    """
    if device:
        _verify_device(device, codec, inputs)
        return
    if not inputs:
        raise UsageError("give .aec files, or --device DIR")
    given = load_codec(codec) if codec else None

    def check(path: Path) -> None:
        data = read_bytes(path, FormatError)
        typer.echo(f"{name_of(path)}: whole{_check_codes(data, given)}")

    Console(quiet=True).run_all(expand(inputs, is_aec), check)


def _check_codes(data: bytes, given: Codec | None) -> str:
    """Check a file, and say what could not be checked."""
    try:
        codec = given or codec_of_file(data)
    except CodecError:
        return " (its codec does not ship: checksum and fields only; --codec names it)"
    codec.decoder.check(data)
    return ""


def _verify_device(path: Path, codec: str | None, pictures: list[Path] | None) -> None:
    from aecodec.datasets.evaluation_set import open_dataset
    from aecodec.export.device.verify import DeviceFolder, check_device
    from aecodec.samples import sample_paths

    device = DeviceFolder(path)
    chosen = load_codec(codec) if codec else codec_with_id(device.codec_id)
    sets = [open_dataset(each) for each in pictures or [sample_paths()[0].parent]]
    samples = Console().progress(chain.from_iterable(sets), sum(map(len, sets)), "compared")
    tried = check_device(device, chosen, (sample.picture for sample in samples))
    typer.echo(f"{path}: {tried} pictures; the files and codes of its C are Python's")
