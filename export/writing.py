"""One half of a codec to files of one format, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass

from aecodec.export.c_source import CModel, c_files
from aecodec.export.formats import keras_file, tflite_file
from aecodec.export.kinds import Format, Half, Precision
from aecodec.export.parity import FloatPair, Parity


@dataclass(frozen=True)
class Exported:
    """Files by name, and how far they are from the float models."""

    files: dict[str, bytes]
    parity: Parity


def export_half(pair: FloatPair, half: Half, to: Format, precision: Precision) -> Exported:
    """Make a half's file or files, and measure them.

    Args:
        pair: the codec and its calibration set, which int16x8 is calibrated on too.
        half: which half.
        to: the format; C is the int8 model.
        precision: of TFLite.

    Raises:
        CodecError: the codec lacks the file that this is made from.
        ModelError: the model cannot be converted.
    """
    name, content = _file(pair, half, to, precision)
    parity = pair.measured(half, name, content)
    if to is not Format.C:
        return Exported({name: content}, parity)
    codec = f"{pair.folder.spec.name} ({pair.folder.spec.codec_id.hex()})"
    return Exported(c_files(content, CModel(half.value, codec, parity.arena_bytes)), parity)


def _file(pair: FloatPair, half: Half, to: Format, precision: Precision) -> tuple[str, bytes]:
    if to is Format.HDF5:
        return half.hdf5, pair.folder.read(half.hdf5)
    model = pair.models[half]
    if to is Format.KERAS:
        return f"{half.value}.keras", keras_file(model)
    content = tflite_file(pair.folder, half, model, precision, pair.inputs[half])
    return half.tflite, pair.at_size(half, content) if to is Format.C else content
