"""`aecodec verify`."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Annotated, Optional

import typer

from aecodec import registry
from aecodec.cli import files, talk
from aecodec.cli.options import CodecName
from aecodec.codec import Codec
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
    encoder network run in TensorFlow Lite Micro, and the files and codes of its C compared with
    Python's. Needs tflite-micro. --codec names a codec that does not ship.
    """
    if device:
        _check_device(device, codec, inputs)
        return
    if not inputs:
        raise UsageError("give .aec files, or --device DIR")
    given = registry.load_codec(codec) if codec else None

    def check(path: Path) -> None:
        data = files.read_bytes(path, FormatError)
        typer.echo(f"{talk.name_of(path)}: whole{_codes_checked(data, given)}")

    talk.run_all(files.expanded(inputs, files.is_aec), check, quiet=True)


def _codes_checked(data: bytes, given: Codec | None) -> str:
    try:
        codec = given or registry.codec_of(data)
    except CodecError:
        return " (its codec does not ship: checksum and fields only; --codec names it)"
    codec.decoder.check(data)
    return ""


def _check_device(path: Path, codec: str | None, pictures: list[Path] | None) -> None:
    from aecodec.dataset import open_dataset
    from aecodec.export.device_check import DeviceFolder, check_device
    from aecodec.samples import sample_paths

    device = DeviceFolder(path)
    chosen = registry.load_codec(codec) if codec else registry.codec_with_id(device.codec_id)
    sets = [open_dataset(each) for each in pictures or [sample_paths()[0].parent]]
    samples = talk.progress(chain.from_iterable(sets), sum(map(len, sets)), "compared", quiet=False)
    tried = check_device(device, chosen, (sample.picture for sample in samples))
    typer.echo(f"{path}: {tried} pictures; the files and codes of its C are Python's")
