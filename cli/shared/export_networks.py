"""Exporting the networks of a codec as TFLite, C or a bundle, for `aecodec export`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from aecodec.cli.shared.export_options import ExportOptions, Output
from aecodec.cli.shared.lazy_tensorflow import tensorflow_for
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import CodecSpec
from aecodec.data.samples import sample_paths
from aecodec.errors import ImageError, UsageError
from aecodec.export.device.options import Format
from aecodec.imaging.planes import to_planes
from aecodec.imaging.tiling import split

if TYPE_CHECKING:  # needs TensorFlow or loads slowly
    from aecodec.arrays import Pixels
    from aecodec.export.device.export_half import Exported

DEFAULT_SIZE = "128x128"

_MAX_PICTURES, _MAX_PIXELS = 1000, 1 << 22


@dataclass(frozen=True)
class Calibration:
    """Pictures for measurements and calibration.

    Attributes:
        data: a folder of images, or a file with an array; None for the sample digits.
        size: size of the pictures as WIDTHxHEIGHT, for codecs that accept any size; None for the
            default.
    """

    data: Path | None
    size: str | None

    def shape_for(self, spec: CodecSpec) -> tuple[int, int]:
        """(height, width) of the pictures.

        Raises:
            UsageError: the codec does not accept pictures of this size.
        """
        if not spec.receptive_field:
            if self.size:
                raise UsageError(
                    f"--size is for codecs that accept any size, but {spec.name} has a fixed size"
                )
            return spec.tile
        size = self.size or DEFAULT_SIZE
        match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", size)
        if not match or int(match[2]) % spec.tile[0] or int(match[1]) % spec.tile[1]:
            raise UsageError(
                f"--size {size}: give WIDTHxHEIGHT such as 256x128, with a width that is a "
                f"multiple of {spec.tile[1]} and a height that is a multiple of {spec.tile[0]}"
            )
        return int(match[2]), int(match[1])

    def pictures(self, channels: int, shape: tuple[int, int]) -> Pixels:
        """(N, h, w, C) uint8 pictures, cut to one shape (h, w).

        Raises:
            ImageError: none of the pictures can be read.
        """
        import numpy as np

        from aecodec.datasets.evaluation_set import open_dataset

        most = max(1, min(_MAX_PICTURES, _MAX_PIXELS // (shape[0] * shape[1])))
        pictures: list[Pixels] = []
        for sample in islice(open_dataset(self.data or sample_paths()[0].parent), most):
            pictures.extend(split(to_planes(sample.picture.pixels, channels), shape))
        if not pictures:
            raise ImageError(f"{self.data}: none of the pictures can be read")
        return np.stack(pictures[:most])


def write_bundle(folder: CodecFolder, options: ExportOptions, output: Output) -> None:
    """Write a codec as a bundle. This does not need TensorFlow."""
    from aecodec.engine.bundle import bundle, plans_of

    output.check(output.path)
    content = bundle(folder, plans_of(folder, options.halves.members), options.levels)
    output.write(output.path, content)
    output.console.result(f"{output.path}: {len(content)} bytes")


def export_networks(
    folder: CodecFolder,
    options: ExportOptions,
    calibration: Calibration,
    output: Output,
    report: Path | None,
) -> None:
    """Write the networks of a codec, and print how far they are from the float networks.

    Args:
        folder: the codec.
        options: format and contents of the export.
        calibration: pictures for measurements.
        output: output folder.
        report: file for the measurements as JSON; None to write none.
    """
    shape = calibration.shape_for(folder.spec)
    if folder.spec.receptive_field and not calibration.data:
        raise UsageError("--calibrate is missing: give pictures of the kind this codec is for")
    exports, contents = _exported(folder, options, calibration, shape, output)
    output.add(contents)
    if report:
        rows = [export.parity.as_json() for export in exports]
        output.write(report, json.dumps(rows, indent=1).encode() + b"\n")
    for export in exports:
        output.console.result(
            export.network.as_text() if export.network else export.parity.as_text()
        )


def _exported(
    folder: CodecFolder,
    options: ExportOptions,
    calibration: Calibration,
    shape: tuple[int, int],
    output: Output,
) -> tuple[Sequence[Exported], dict[str, bytes]]:
    """The exported halves, and the contents of all files by name."""
    with tensorflow_for("exporting"):
        from aecodec.export.device.parity import FloatPair
    from aecodec.engine.c_tables import CTables
    from aecodec.export.device.export_half import export_half
    from aecodec.export.device.folder import device_files

    tables = CTables(folder, options.level, options.priors) if options.to is Format.C else None
    with output.console.warnings_about(calibration.data):
        pair = FloatPair(folder, calibration.pictures(folder.spec.channels, shape))
    exports = [
        export_half(pair, half, options.to, options.precision) for half in options.halves.members
    ]
    contents = {name: content for export in exports for name, content in export.files.items()}
    networks = [export.network for export in exports if export.network]
    return exports, contents | (device_files(tables, pair.pixels, networks) if tables else {})
