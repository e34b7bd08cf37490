"""`aecodec verify`: check `.aec` files for damage, and check device folders."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from aecodec.base.errors import CodecError, UsageError
from aecodec.base.parallel import Workers
from aecodec.cli.batch.run import BatchOptions, run_all
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import AEC_FILES, Source, expand
from aecodec.cli.shared.file_io import check_input, read_bytes
from aecodec.cli.shared.pictures import open_pictures, reading_for
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_of_file, codec_with_id, load_codec, with_workers
from aecodec.format.limits import Limits

_FIELDS_ONLY = " (only checksum and fields, because the codec is not installed: use --codec)"


def verify(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...",
            help=".aec files, folders of .aec files, or - for standard input; with --device, "
            "images.",
        ),
    ] = None,
    device: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            readable=False,
            help="Instead of .aec files, verify a folder that aecodec export --format c wrote. "
            "FILE... are then images (default: the sample digits).",
        ),
    ] = None,
    codec: options.CodecName = None,
    max_pixels: options.MaxPixels = None,
    max_frames: options.MaxFrames = None,
    jobs: options.Jobs = None,
    as_json: options.Json = False,
) -> None:
    """Check .aec files for damage, including the coded data if the codec is installed.

    With --device, the command compiles a folder of exported C code. It then checks that the program
    writes the same files and restores the same pixels as the library.
    """
    console = Console(as_json=as_json)
    if device:
        _verify_device(device, codec, inputs, console)
        return
    if not inputs:
        raise UsageError("nothing to verify: name .aec files, or use --device DIR")
    limits, own_codec = Limits(max_pixels, max_frames), load_codec(codec) if codec else None
    verification = _Verification(own_codec, limits)
    run_all(console, expand(inputs, AEC_FILES), verification.verify_file, BatchOptions(jobs))


@dataclass(frozen=True)
class _Verification:
    """The options of the command. Without a codec, each file is checked with its own."""

    codec: Codec | None
    limits: Limits

    def verify_file(self, source: Source, console: Console, workers: Workers) -> None:
        data = read_bytes(source.path)
        codec = self._codec_of(data)
        if codec:
            with_workers(codec, workers).decoder.check(data, self.limits)
        values = {"source": str(source.path), "bytes": len(data), "codes_checked": bool(codec)}
        console.result(f"{name_of(source)}: intact{'' if codec else _FIELDS_ONLY}", values)

    def _codec_of(self, data: bytes) -> Codec | None:
        with suppress(CodecError):
            return self.codec or codec_of_file(data)
        return None


def _verify_device(
    path: Path, codec: str | None, pictures: list[Path] | None, console: Console
) -> None:
    check_input(path)
    from aecodec.data.samples import sample_paths
    from aecodec.export.device.verify import DeviceFolder, check_device

    device = DeviceFolder(path)
    device_codec = load_codec(codec) if codec else codec_with_id(device.codec_id)
    reading = reading_for(device_codec)
    data = pictures or [sample_paths()[0].parent]
    sets = [open_pictures(path, None, reading) for path in data]
    compared = console.progress(chain.from_iterable(sets), sum(map(len, sets)), "compared")
    count = check_device(device, device_codec, compared)
    console.result(f"{path}: the program and the library agree on all {count} pictures")
