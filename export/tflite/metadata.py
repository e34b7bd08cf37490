"""Signature and metadata of TFLite files."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

_METADATA = b"aecodec"
"""Name of the metadata entry, which is a JSON object in UTF-8."""

_TENSOR_NAMES = {"encode": (b"image", b"code"), "decode": (b"code", b"image")}


def with_metadata(model: bytes, signature: str, description: Mapping[str, Any]) -> bytes:
    """Add a signature and a description to a `.tflite` model with one input and one output.

    The signature is "encode" (image to code) or "decode" (code to image).
    """
    graph = flatbuffer_utils.read_model_from_bytearray(bytearray(model))
    names = _Names()
    for tensor in graph.subgraphs[0].tensors:
        tensor.name = names.renumbered(tensor.name.decode()).encode()
    graph.signatureDefs = [_signature(graph.subgraphs[0], signature)]
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(json.dumps(dict(description), sort_keys=True).encode(), np.uint8)
    graph.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = _METADATA, len(graph.buffers) - 1
    graph.metadata = [*(graph.metadata or []), entry]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(graph))


class _Names:
    """Numbers the names of layers in order, as if no other models had been built before.

    Keras numbers all layers of a process, so equal models would have different files.
    """

    def __init__(self) -> None:
        self._renumbered: dict[str, str] = {}
        self._counts = Counter[str]()

    def renumbered(self, name: str) -> str:
        """A name with new numbers.

        >>> _Names().renumbered("functional_9_1/dense_3_1/MatMul;functional_9_1/dense_2_1/Relu")
        'functional/dense/MatMul;functional/dense_1/Relu'
        """
        return re.sub("[^/;]+", lambda match: self._part(match[0]), name)

    def _part(self, part: str) -> str:
        if part not in self._renumbered:
            base = re.sub(r"_\d+(?=[_:]|$)", "", part)
            count = self._counts[base]
            self._renumbered[part] = f"{base}_{count}" if count else base
            self._counts[base] += 1
        return self._renumbered[part]


def _signature(graph: Any, name: str) -> Any:
    signature = schema.SignatureDefT()
    signature.signatureKey = name.encode()
    signature.subgraphIndex = 0
    (input_,), (output,) = graph.inputs, graph.outputs
    input_name, output_name = _TENSOR_NAMES[name]
    signature.inputs = [_tensor(input_name, input_)]
    signature.outputs = [_tensor(output_name, output)]
    return signature


def _tensor(name: bytes, index: int) -> Any:
    tensor = schema.TensorMapT()
    tensor.name, tensor.tensorIndex = name, index
    return tensor
