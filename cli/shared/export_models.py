"""Making a codec from two Keras models, for `aecodec export`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aecodec.cli.shared.export_options import Output
from aecodec.cli.shared.file_io import check_input
from aecodec.cli.shared.jobs import check_not_sources
from aecodec.cli.shared.lazy_tensorflow import tensorflow_for
from aecodec.cli.shared.texts import codec_lines, loss_lines
from aecodec.codec_files.file_names import CODEC_FILES
from aecodec.export.model_hints import ModelHints

if TYPE_CHECKING:  # loaded only when needed
    from aecodec.codec.codec import Codec


@dataclass(frozen=True)
class ModelFiles:
    """Files of two Keras models and of calibration pictures.

    Attributes:
        encoder: file of the encoder.
        decoder: file of the decoder.
        data: a folder of images, or a file with an array.
        custom_objects: custom classes and functions of the models, as MODULE:CLASS.
    """

    encoder: Path
    decoder: Path
    data: Path
    custom_objects: list[str]

    def check(self) -> None:
        """Check that all files exist.

        Raises:
            InputError: a file does not exist or cannot be read.
        """
        for path in (self.encoder, self.decoder, self.data):
            check_input(path)


def make_codec(
    models: ModelFiles, output: Output, counts: dict[str, Any], hints: ModelHints
) -> None:
    """Make a codec folder from two Keras models, and print a description of the codec.

    Args:
        models: the models and the pictures.
        output: output folder.
        counts: `tile`, `levels` and `priors`, as in
            :func:`aecodec.export.from_keras.codec_from_keras`.
        hints: image shape and pixel ranges stated by the user.
    """
    models.check()
    targets = [output.path / name for name in CODEC_FILES]
    check_not_sources(targets, (models.encoder, models.decoder))
    output.check(*targets)
    codec = _codec_of(models, output, counts, hints)
    output.console.result([*codec_lines(codec), *loss_lines(codec)])


def _codec_of(
    models: ModelFiles, output: Output, counts: dict[str, Any], hints: ModelHints
) -> Codec:
    with tensorflow_for("exporting"):
        from aecodec.export.from_keras.codec import codec_from_keras
        from aecodec.keras_models.custom_objects import register_custom_objects
        from aecodec.keras_models.model_files import load_model
    register_custom_objects(models.custom_objects)
    with output.console.warnings_as_they_come():
        return codec_from_keras(
            load_model(models.encoder),
            load_model(models.decoder),
            models.data,
            output.path,
            name=output.path.resolve().name,
            hints=hints,
            replace=output.force,
            **counts,
        )
