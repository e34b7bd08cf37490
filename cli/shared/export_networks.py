"""The networks of a codec in another format: TFLite, C or a bundle."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from aecodec.cli.shared.export_options import Wanted
from aecodec.cli.shared.export_output import Output
from aecodec.cli.shared.lazy_tensorflow import tensorflow_for
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import CodecSpec
from aecodec.data.samples import sample_paths
from aecodec.errors import ImageError, UsageError
from aecodec.export.device.options import Format
from aecodec.imaging.planes import to_planes
from aecodec.imaging.tiling import split

if TYPE_CHECKING:  # which needs TensorFlow, or takes long to load
    from aecodec.arrays import Pixels
    from aecodec.export.device.export_half import Exported

DEFAULT_SIZE = "128x128"

_MAX_PICTURES, _MAX_PIXELS = 1000, 1 << 22


@dataclass(frozen=True)
class Calibration:
    """What to measure and to calibrate on.

    Attributes:
        data: a folder of images, or an array; the sample digits if None.
        size: sides of the pictures, as WIDTHxHEIGHT, for codecs of any size; None for the default.
    """

    data: Path | None
    size: str | None

    def shape_for(self, spec: CodecSpec) -> tuple[int, int]:
        """(height, width) of the pictures.

        Raises:
            UsageError: the codec takes no pictures of this size.
        """
        if not spec.receptive_field:
            if self.size:
                raise UsageError(f"--size is for codecs of any size, and {spec.name} has tiles")
            return spec.tile
        size = self.size or DEFAULT_SIZE
        found = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", size)
        if not found or int(found[2]) % spec.tile[0] or int(found[1]) % spec.tile[1]:
            raise UsageError(
                f"--size {size}: two sides as in 256x128, here multiples of "
                f"{spec.tile[1]} and {spec.tile[0]}"
            )
        return int(found[2]), int(found[1])

    def pictures(self, channels: int, shape: tuple[int, int]) -> Pixels:
        """(N, h, w, C) of the pictures, cut to one shape.

        Raises:
            ImageError: none can be read.
        """
        import numpy as np

        from aecodec.datasets.evaluation_set import open_dataset

        most = max(1, min(_MAX_PICTURES, _MAX_PIXELS // (shape[0] * shape[1])))
        pictures: list[Pixels] = []
        for sample in islice(open_dataset(self.data or sample_paths()[0].parent), most):
            pictures.extend(split(to_planes(sample.picture.pixels, channels), shape))
        if not pictures:
            raise ImageError(f"{self.data}: not one picture can be read")
        return np.stack(pictures[:most])


def write_bundle(folder: CodecFolder, wanted: Wanted, output: Output) -> None:
    """Write a codec as a bundle, which needs no TensorFlow."""
    from aecodec.bundle.bundle import bundle, plans_of

    output.check(output.path)
    content = bundle(folder, plans_of(folder, wanted.halves.each), wanted.levels)
    output.write(output.path, content)
    output.console.result(f"{output.path}: {len(content)} bytes")


def export_networks(
    folder: CodecFolder,
    wanted: Wanted,
    calibration: Calibration,
    output: Output,
    report: Path | None,
) -> None:
    """Write the networks of a codec, and say how far they are from the float ones.

    Args:
        folder: the codec.
        wanted: what to make.
        calibration: what to measure on.
        output: where the files go.
        report: file for the figures as JSON; None for none.
    """
    shape = calibration.shape_for(folder.spec)
    if folder.spec.receptive_field and not calibration.data:
        raise UsageError("--calibrate: give pictures of the kind that this codec is for")
    exported, contents = _exported(folder, wanted, calibration, shape, output)
    output.add(contents)
    if report:
        rows = [each.parity.as_json() for each in exported]
        output.write(report, json.dumps(rows, indent=1).encode() + b"\n")
    for each in exported:
        output.console.result(each.network.as_text() if each.network else each.parity.as_text())


def _exported(
    folder: CodecFolder,
    wanted: Wanted,
    calibration: Calibration,
    shape: tuple[int, int],
    output: Output,
) -> tuple[Sequence[Exported], dict[str, bytes]]:
    """The halves that are wanted, and all files by their names."""
    with tensorflow_for("exporting"):
        from aecodec.export.device.parity import FloatPair
    from aecodec.bundle.c_tables import CTables
    from aecodec.export.device.export_half import export_half
    from aecodec.export.device.folder import device_files

    tables = CTables(folder, wanted.level, wanted.priors) if wanted.to is Format.C else None
    with output.console.warnings_about(calibration.data):
        pair = FloatPair(folder, calibration.pictures(folder.spec.channels, shape))
    exported = [
        export_half(pair, half, wanted.to, wanted.precision, wanted.network)
        for half in wanted.halves.each
    ]
    contents = {name: content for each in exported for name, content in each.files.items()}
    return exported, contents | (device_files(tables, pair.pixels, exported) if tables else {})
