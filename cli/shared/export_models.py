"""A codec of two Keras models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aecodec.cli.shared.export_output import Output
from aecodec.cli.shared.files import check_input
from aecodec.cli.shared.jobs import check_not_sources
from aecodec.cli.shared.lazy_tensorflow import tensorflow_for
from aecodec.cli.shared.texts import codec_text, loss_text
from aecodec.codec_files.file_names import CODEC_FILES
from aecodec.export.from_keras.hints import Wishes

if TYPE_CHECKING:  # which the other commands need not load
    from aecodec.codec.codec import Codec


@dataclass(frozen=True)
class ModelFiles:
    """Files of two Keras models, and of the pictures to calibrate on.

    Attributes:
        encoder: file of the encoder.
        decoder: file of the decoder.
        data: a folder of images, or an array.
        custom_objects: classes and functions of their own, as MODULE:CLASS.
    """

    encoder: Path
    decoder: Path
    data: Path
    custom_objects: list[str]

    def check(self) -> None:
        """Check that all exist.

        Raises:
            InputError: one does not, or cannot be read.
        """
        for given in (self.encoder, self.decoder, self.data):
            check_input(given)


def make_codec(models: ModelFiles, output: Output, counts: dict[str, Any], wishes: Wishes) -> None:
    """Write a codec folder of two Keras models, and say what it is.

    Args:
        models: the models and the pictures.
        output: where the folder goes.
        counts: `tile`, `levels` and `priors`, as in :func:`aecodec.export.codec_from_keras`.
        wishes: image shape and pixel ranges that the user states.
    """
    models.check()
    targets = [output.path / name for name in CODEC_FILES]
    check_not_sources(targets, (models.encoder, models.decoder))
    output.check(*targets)
    made = _codec_of(models, output, counts, wishes)
    output.console.result(f"{codec_text(made)}\n{loss_text(made)}")


def _codec_of(models: ModelFiles, output: Output, counts: dict[str, Any], wishes: Wishes) -> Codec:
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
            wishes=wishes,
            replace=output.force,
            **counts,
        )
