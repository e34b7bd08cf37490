"""Signature and metadata of TFLite files."""

from __future__ import annotations

import json
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
    graph.signatureDefs = [_signature(graph.subgraphs[0], signature)]
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(json.dumps(dict(description), sort_keys=True).encode(), np.uint8)
    graph.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = _METADATA, len(graph.buffers) - 1
    graph.metadata = [*(graph.metadata or []), entry]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(graph))


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
