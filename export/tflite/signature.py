"""Signatures of TFLite files, with which runtimes find inputs and outputs by name."""

from __future__ import annotations

from typing import Any

from aecodec.codec_files.file_names import Half
from aecodec.compiler.model import packed, schema

_NAMES = {Half.ENCODER: ("encode", "image", "code"), Half.DECODER: ("decode", "code", "image")}
"""The signature of each half, its input and its output."""


def with_signature(content: bytes, half: Half) -> bytes:
    """Add the signature of a half to a `.tflite` model with one input and one output."""
    whole, signature = schema.ModelT.InitFromPackedBuf(content), schema.SignatureDefT()
    (graph,), (key, *names) = whole.subgraphs, _NAMES[half]
    signature.signatureKey, signature.subgraphIndex = key.encode(), 0
    signature.inputs = [_tensor(names[0], graph.inputs[0])]
    signature.outputs = [_tensor(names[1], graph.outputs[0])]
    whole.signatureDefs = [signature]
    return packed(whole)


def _tensor(name: str, index: int) -> Any:
    tensor = schema.TensorMapT()
    tensor.name, tensor.tensorIndex = name.encode(), int(index)
    return tensor
