"""`aecodec verify`: check `.aec` files for damage, and check device folders."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from aecodec.base.arrays import Float64
from aecodec.base.errors import AecodecError, CodecError, ImageError, UsageError, errors_about
from aecodec.base.parallel import Workers
from aecodec.cli.batch.run import BatchOptions, run_all
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import AEC_FILES, Source, expand
from aecodec.cli.shared.file_io import check_input, read_bytes
from aecodec.cli.shared.pictures import open_pictures, read_picture, reading_for
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_of_file, codec_with_id, load_codec, with_workers
from aecodec.format.arrays import Layout
from aecodec.format.limits import Limits
from aecodec.format.refinement import ROOT_UNITS, Bound, Refinement
from aecodec.image_files.colour import in_kept_colours
from aecodec.image_files.options import Frames, ReadOptions
from aecodec.imaging.picture import Picture
from aecodec.metrics import band_errors, row_blocks
from aecodec.native.headers import read_header

_FIELDS_ONLY = " (only checksum and fields, as its codec is not installed: name it with --codec)"


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
            help="Verify a folder from aecodec export --format c instead, with the images FILE "
            "(default: the sample digits).",
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="ORIGINAL",
            help="Compare one file with its original, and fail if it breaks its guarantee.",
        ),
    ] = None,
    codec: options.CodecName = None,
    max_pixels: options.MaxPixels = None,
    max_frames: options.MaxFrames = None,
    jobs: options.Jobs = None,
    as_json: options.Json = False,
) -> None:
    """Check .aec files for damage: checksum, fields and, if their codec is installed, codes.

    With --device, the command compiles a folder of exported C code, and checks that the program
    writes the same files and restores the same pixels as the library.
    """
    console = Console(as_json=as_json)
    if device and against:
        raise UsageError("--against cannot be used with --device")
    if device:
        _verify_device(device, codec, inputs, console)
        return
    if not inputs:
        raise UsageError("nothing to verify: give .aec files, or --device DIR")
    sources = expand(inputs, AEC_FILES)
    if against and len(sources) > 1:
        raise UsageError("--against compares one file with its original: give only one file")
    limits, own_codec = Limits(max_pixels, max_frames), load_codec(codec) if codec else None
    verification = _Verification(own_codec, limits, against)
    run_all(console, sources, verification.verify_file, BatchOptions(jobs))


@dataclass(frozen=True)
class _Verification:
    """The options of the command. Without a codec, each file is checked with its own."""

    codec: Codec | None
    limits: Limits
    original: Path | None

    def verify_file(self, source: Source, console: Console, workers: Workers) -> None:
        data = read_bytes(source.path)
        codec = self._codec_of(data, is_needed=self.original is not None)
        values, note = dict[str, Any](), "" if codec else _FIELDS_ONLY
        if codec and self.original is None:
            with_workers(codec, workers).decoder.check(data, self.limits)
        elif codec and self.original:
            values = self._compare(with_workers(codec, workers), data, self.original, console)
            note = f", maximum error {values['max_error']:g}"
        stated = {"source": str(source.path), "bytes": len(data), "whole": True}
        values = stated | {"codes_checked": codec is not None} | values
        console.result(f"{name_of(source)}: intact{note}", values)

    def _codec_of(self, data: bytes, *, is_needed: bool) -> Codec | None:
        try:
            return self.codec or codec_of_file(data)
        except CodecError:
            if is_needed:
                raise
            return None

    def _compare(self, codec: Codec, data: bytes, path: Path, console: Console) -> dict[str, Any]:
        """Compare a file with its original; AecodecError if it breaks its guarantee."""
        restored = codec.decoder.decompress_picture(data, self.limits)
        refinements = read_header(data).refinements
        with errors_about(path):
            original = self._original_of(restored, path, console)
        original = in_kept_colours(original, restored.metadata)
        errors = _errors_of(original, restored, path)
        if refinements:
            _check_guarantee(refinements[-1], original, restored, path)
        guaranteed = refinements[-1].largest_bound.json if refinements else None
        return {"max_error": float(errors.max()), "guaranteed_error": guaranteed}

    def _original_of(self, restored: Picture, path: Path, console: Console) -> Picture:
        """Read the original; its bands may come first, as after `compress --bands-first`."""
        options = _reading_like(restored)
        if restored.layout in (Layout.BHW, Layout.FBHW):
            with suppress(ImageError):
                original, _ = read_picture(path, console, options)
                if (original.layout, original.size) == (restored.layout, restored.size):
                    return original
            options = replace(options, band_axis=-3)
        return read_picture(path, console, options)[0]


def _reading_like(restored: Picture) -> ReadOptions:
    frames = Frames.ALL if restored.frames > 1 else Frames.FIRST
    bands = None if restored.layout is None else restored.pixels.shape[-1]
    return ReadOptions(frames=frames, names_dropped=False, nodata=restored.nodata, bands=bands)


def _errors_of(original: Picture, restored: Picture, path: Path) -> Float64:
    """The largest difference in each band (B,); ImageError if pictures cannot be compared."""
    shape = original.pixels.shape
    if shape != restored.pixels.shape:
        raise ImageError(
            f"{path} has the shape {shape}, but the file has {restored.pixels.shape}: "
            "compare the file with its original"
        )
    masks = original.is_missing, restored.is_missing
    if not all(np.array_equal(masks[0][rows], masks[1][rows]) for rows in row_blocks(shape)):
        raise AecodecError(f"{path} and the file have different missing samples")
    if not np.array_equal(np.array(original.alpha), np.array(restored.alpha)):
        raise AecodecError(f"{path} and the file differ in alpha")
    return band_errors(original.pixels, restored.pixels, original.missing)[1]


def _check_guarantee(
    refinement: Refinement, original: Picture, restored: Picture, path: Path
) -> None:
    bounds = [refinement.bound(band) for band in range(original.pixels.shape[-1])]
    for rows in row_blocks(original.pixels.shape):
        for band, bound in enumerate(bounds):
            known = ~original.is_missing[rows][..., band]
            pair = (picture.pixels[rows][..., band][known] for picture in (original, restored))
            samples, decoded = (part.astype(np.float64) for part in pair)
            errors = np.abs(decoded - samples)
            if not (errors <= _largest_errors(bound, samples)).all():
                raise AecodecError(
                    f"a sample differs by {errors.max():g} from {path}, but the file guarantees "
                    f"{bound.text}: it was made from a different picture"
                )


def _largest_errors(bound: Bound, samples: Float64) -> Float64 | float:
    """The largest errors that a bound allows for samples (...)."""
    if not bound.is_root:
        return bound.error
    factor = int(bound.error * ROOT_UNITS)
    return np.sqrt((factor**2 * np.abs(samples).astype(np.int64)) >> 16).astype(np.int64)


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
    console.result(f"{path}: {count} pictures; the program and the library agree on all files")
