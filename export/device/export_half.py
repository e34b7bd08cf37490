"""Export and measurement of a half of a codec."""

from __future__ import annotations

from dataclasses import dataclass

from aecodec.codec_files.file_names import Half
from aecodec.export.device.c_array import CModel, c_files
from aecodec.export.device.c_network import CNetwork, c_network, c_network_files
from aecodec.export.device.convert import keras_file, tflite_file
from aecodec.export.device.options import Format, Precision
from aecodec.export.device.parity import FloatPair, Parity


@dataclass(frozen=True)
class Exported:
    """The files of a half by name, its parity, and its network plan if the files contain one."""

    files: dict[str, bytes]
    parity: Parity
    network: CNetwork | None = None


def export_half(pair: FloatPair, half: Half, to: Format, precision: Precision) -> Exported:
    """Export a half of a codec, and measure it.

    C is the int8 model as a network plan, and C_ARRAY its TFLite file in a C array. Only TFLite
    files have a precision.

    Raises CodecError if the codec lacks the source of the export, and ModelError if TensorFlow
    cannot convert the model or C has no kernel for an operator.
    """
    name, content = _file(pair, half, to, precision)
    parity = pair.measured(half, name, content)
    if to is Format.C:
        network = c_network(content, pair.folder.spec, half)
        return Exported(c_network_files(network), parity, network)
    if to is Format.C_ARRAY:
        return Exported(c_files(content, CModel(pair.folder.spec, half)), parity)
    return Exported({name: content}, parity)


def _file(pair: FloatPair, half: Half, to: Format, precision: Precision) -> tuple[str, bytes]:
    if to is Format.HDF5:
        return half.hdf5, pair.folder.read(half.hdf5)
    model = pair.models[half]
    if to is Format.KERAS:
        return f"{half.value}.keras", keras_file(model)
    content = tflite_file(pair.folder, half, model, precision, pair.inputs[half])
    is_for_one_size = to in (Format.C, Format.C_ARRAY)
    return half.tflite, pair.with_static_shape(half, content) if is_for_one_size else content
