"""Export of a half of a codec as Keras, TFLite or C files, and its measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from aecodec.codec_files.file_names import Half
from aecodec.export.device.c_models import CNetwork, c_array_files, c_network, c_network_files
from aecodec.export.device.options import Format, Precision
from aecodec.export.device.parity import FloatPair, Parity
from aecodec.export.tflite.conversion import converted
from aecodec.export.tflite.metadata import with_metadata
from aecodec.version import version


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
        return Exported(c_array_files(content, pair.folder.spec, half), parity)
    return Exported({name: content}, parity)


def _file(pair: FloatPair, half: Half, to: Format, precision: Precision) -> tuple[str, bytes]:
    if to is Format.HDF5:
        return half.hdf5, pair.folder.read(half.hdf5)
    content = _tflite_file(pair, half, precision)
    is_for_one_size = precision is Precision.INT8
    return half.tflite, pair.with_static_shape(half, content) if is_for_one_size else content


def _tflite_file(pair: FloatPair, half: Half, precision: Precision) -> bytes:
    """A half of a codec as the content of a TFLite file.

    At int8, it is the codec's own file, whose integers are pixels and latents. At other precisions,
    inputs and outputs are floats: images in 0..1 and latents.
    """
    if precision is Precision.INT8:
        content = pair.folder.read(half.tflite)
    else:
        content = _converted(pair.models[half], precision)
    description = {
        "codec": pair.folder.spec.name,
        "codec_id": pair.folder.spec.codec_id.hex(),
        "aecodec": version(),
        "precision": precision.value,
    }
    return with_metadata(content, half.signature, description)


def _converted(model: Any, precision: Precision) -> bytes:
    def configure(converter: Any) -> None:
        if precision is not Precision.NONE:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision is Precision.FLOAT16:
            converter.target_spec.supported_types = [tf.float16]

    failure = f"{model.name} does not convert to {precision.value} TFLite"
    return converted(model, model.input_shape[1:], failure, configure)
