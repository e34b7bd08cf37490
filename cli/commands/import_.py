"""`aecodec import`: make a codec from a trained encoder and decoder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli.commands.codecs import codec_lines
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.file_io import check_input
from aecodec.cli.shared.jobs import check_not_sources
from aecodec.cli.shared.lazy_tensorflow import tensorflow_for
from aecodec.codec.codec import Codec
from aecodec.codec_files.file_names import codec_files
from aecodec.codec_files.folder import check_target
from aecodec.export.model_hints import (
    NOT_STATED,
    ModelHints,
    parse_conventions,
    parse_image_shape,
    parse_words,
)


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    encoder: Annotated[
        Path, typer.Option(metavar="FILE", readable=False, help="The encoder (Keras or ONNX).")
    ]
    decoder: Annotated[
        Path, typer.Option(metavar="FILE", readable=False, help="The decoder (Keras or ONNX).")
    ]
    calibrate: Annotated[
        Path,
        typer.Option(
            metavar="DATA",
            readable=False,
            help="Sample pictures of the kind to compress: a folder of images, or an .npz "
            "or .npy file.",
        ),
    ]
    out: options.CodecFolder
    image_shape: Annotated[
        str | None,
        typer.Option(
            metavar="WxH[x3]",
            help="Size of the pictures, such as 28x28, for models that expect flat vectors.",
        ),
    ] = None
    pixel_range: Annotated[
        str | None,
        typer.Option(
            metavar="BLACK..WHITE",
            help="Values of black and white, such as -1..1; -1..1,0..1 if the models differ. "
            "If you omit this option or one of the next four, aecodec finds the best value.",
        ),
    ] = None
    channel_order: Annotated[
        str | None,
        typer.Option(metavar="rgb|bgr", help="Order of colours; rgb,bgr if the models differ."),
    ] = None
    layout: Annotated[
        str | None,
        typer.Option(
            metavar="hwc|chw",
            help="Layout of colours in flat vectors: chw in PyTorch, hwc in Keras.",
        ),
    ] = None
    mean: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBERS",
            help="Mean to subtract from the encoder's input: one number or three, such as "
            "0.485,0.456,0.406. It applies to pixels in --pixel-range, or in 0..1.",
        ),
    ] = None
    std: Annotated[
        str | None,
        typer.Option(metavar="NUMBERS", help="Divide by this standard deviation after --mean."),
    ] = None
    custom_objects: options.CustomObjects = None
    tile: Annotated[
        int,
        typer.Option(min=8, help="Side of the calibration crops if the models accept any size."),
    ] = 64
    levels: Annotated[int, typer.Option(min=1, max=15, help="Number of levels.")] = 3
    priors: Annotated[int, typer.Option(min=1, max=1024, help="Number of competing priors.")] = 64
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Overwrite existing files, and write the codec even if its errors are large.",
        ),
    ] = False
    quiet: options.Quiet = False

    @property
    def name(self) -> str:
        return self.out.resolve().name

    def check(self) -> None:
        """Raise an error unless the files can be read and the codec can be written."""
        models = (self.encoder, self.decoder)
        for path in (*models, self.calibrate):
            check_input(path)
        check_not_sources([self.out / file for file in codec_files(self.name)], models)
        check_target(self.out, self.name, replace=self.force)

    def hints(self) -> ModelHints:
        order, layout = self.channel_order, self.layout
        return ModelHints(
            parse_image_shape(self.image_shape) if self.image_shape else None,
            parse_conventions(self.pixel_range, self.mean, self.std),
            parse_words("--channel-order", order, ("rgb", "bgr")) if order else NOT_STATED,
            parse_words("--layout", layout, ("hwc", "chw")) if layout else NOT_STATED,
            self.tile,
            self.force,
        )


@options.takes(ImportOptions)
def import_(chosen: ImportOptions) -> None:
    """Make a codec from a trained encoder and decoder (Keras or ONNX). Needs TensorFlow."""
    chosen.check()
    hints, console = chosen.hints(), Console(chosen.quiet)
    with tensorflow_for("importing"):
        from aecodec.export.from_keras import PRIORS, codec_from_keras
        from aecodec.keras_models.model_files import load_model, register_custom_objects
    register_custom_objects(chosen.custom_objects or [])
    with console.messages_as_they_come():
        codec = codec_from_keras(
            (load_model(chosen.encoder), load_model(chosen.decoder)),
            chosen.calibrate,
            chosen.out,
            name=chosen.name,
            levels=chosen.levels,
            priors=replace(PRIORS, count=chosen.priors),
            hints=hints,
            replace=chosen.force,
        )
    console.result([*codec_lines(codec), *_loss_lines(codec)])


def _loss_lines(codec: Codec) -> list[str]:
    """PSNR of the finest level of a codec and of its float models, in several lines."""
    loss = codec.folder.measured["finest_level"]
    return [
        f"  {loss['float_pair']:6.2f} dB  the float models",
        f"  {loss['codec']:6.2f} dB  the codec at level {len(codec.spec.levels)}",
    ]
