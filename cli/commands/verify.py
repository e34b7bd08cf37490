"""`aecodec verify`: check `.aec` files for damage, and check device folders."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli.batch.run import BatchOptions, run_all
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import AEC_FILES, Source, expand
from aecodec.cli.shared.file_io import check_input, read_bytes
from aecodec.cli.shared.pictures import open_pictures, reading_for
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_of_file, codec_with_id, load_codec, with_workers
from aecodec.errors import CodecError, UsageError
from aecodec.format.limits import Limits
from aecodec.parallel import Workers
from aecodec.urls import path_or_url

_FIELDS_ONLY = " (only checksum and fields: its codec is not installed; name it with --codec)"


def verify(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...",
            parser=path_or_url,
            help=".aec files, folders of .aec files, or - for standard input; with --device, "
            "images.",
        ),
    ] = None,
    device: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            readable=False,
            help="Verify a folder made by aecodec export --format c instead, with the images "
            "FILE. Default for FILE: the sample digits.",
        ),
    ] = None,
    codec: options.CodecName = None,
    bands_first: options.BandsFirst = False,
    max_pixels: options.MaxPixels = None,
    max_frames: options.MaxFrames = None,
    jobs: options.Jobs = None,
    manifest: options.ManifestFile = None,
    scheduler: options.Scheduler = None,
    as_json: options.Json = False,
) -> None:
    """Check .aec files for damage.

    The command checks the checksum and the fields. If the codec is built in or named with --codec,
    it also decodes the codes and the alpha plane.

    With --device, it uses this machine's compiler to build a folder that was exported as C, and
    compares the files and pixels of the C program with Python's. If the codec is not built in, name
    it with --codec.
    """
    console = Console(as_json=as_json)
    if device:
        with console.errors_as_json(device):
            _verify_device(device, codec, inputs, console, bands_first)
        return
    if bands_first:
        raise UsageError("--bands-first needs --device")
    if not inputs:
        raise UsageError("nothing to verify: give .aec files, or --device DIR")
    limits = Limits(max_pixels, max_frames)
    verification = _Verification(load_codec(codec) if codec else None, limits)
    sources = expand(inputs, AEC_FILES)
    run_all(
        console,
        sources,
        verification.verify_file,
        BatchOptions(jobs, manifest=manifest, scheduler=scheduler),
    )


@dataclass(frozen=True)
class _Verification:
    """The options of `aecc verify`.

    Without a codec, each file is checked with its built-in codec.
    """

    codec: Codec | None
    limits: Limits

    def verify_file(self, source: Source, console: Console, workers: Workers) -> None:
        """Check one file, and report which parts could not be checked."""
        data = read_bytes(source.path)
        codec = self._codec_of(data)
        if codec:
            with_workers(codec, workers).decoder.check(data, self.limits)
        note = "" if codec else _FIELDS_ONLY
        console.result(
            f"{name_of(source)}: whole{note}",
            {
                "source": str(source.path),
                "bytes": len(data),
                "whole": True,
                "codes_checked": codec is not None,
            },
        )

    def _codec_of(self, data: bytes) -> Codec | None:
        try:
            return self.codec or codec_of_file(data)
        except CodecError:
            return None


def _verify_device(
    path: Path, codec: str | None, pictures: list[Path] | None, console: Console, bands_first: bool
) -> None:
    from aecodec.data.samples import sample_paths
    from aecodec.export.device.verify import DeviceFolder, check_device

    check_input(path)
    device = DeviceFolder(path)
    device_codec = load_codec(codec) if codec else codec_with_id(device.codec_id)
    if device_codec.spec.bands and not pictures:
        raise UsageError(f"codec {device_codec.spec.name} has bands: give files that have them")
    reading = reading_for(device_codec, bands_first=bands_first)
    data = pictures or [sample_paths()[0].parent]
    sets = [open_pictures(path, None, reading) for path in data]
    samples = console.progress(chain.from_iterable(sets), sum(map(len, sets)), "compared")
    count = check_device(device, device_codec, (sample.picture for sample in samples))
    console.result(
        f"{path}: {count} pictures; C and Python give the same files and codes",
        {"source": str(path), "pictures": count},
    )
