"""Parity: comparison of an exported half with the float Keras models of the codec."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from aecodec import metrics
from aecodec.arrays import Float32, Pixels
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.export.tflite.runners import FloatRunner
from aecodec.keras_models.model_files import keras_half, open_model
from aecodec.keras_models.runners import float_predictor, shaped_for
from aecodec.network.convert import resized
from aecodec.tflite.interpreter import Kernels, open_interpreter, silent_stderr
from aecodec.tflite.model import packed, read_model, schema

Run = Callable[[Float32], Float32]

_ROUNDS, _ENOUGH_SECONDS = 30, 0.5


@dataclass(frozen=True)
class Parity:
    """Comparison of an exported file with the float models, on a calibration set.

    Attributes:
        file: name of the file.
        half: "encoder" or "decoder".
        bytes: size of the file.
        pictures: number of pictures in the calibration set.
        codes_differ: share of latents that differ from those of the float encoder; None for a
            decoder.
        psnr_lost: loss of PSNR in dB at the default level, compared with the float pair. The other
            half is the float model.
        inference_ms: milliseconds per picture, with one thread.
        operators: number of uses of each operator in a TFLite model; empty for Keras files.
    """

    file: str
    half: str
    bytes: int
    pictures: int
    codes_differ: float | None
    psnr_lost: float
    inference_ms: float
    operators: dict[str, int] = field(default_factory=dict)

    def as_text(self) -> str:
        """One line for the terminal."""
        differ = "" if self.codes_differ is None else f"{self.codes_differ:.2%} of codes differ, "
        operators = ", ".join(f"{name} x{count}" for name, count in self.operators.items())
        return (
            f"{self.file}: {self.bytes} bytes, {differ}{self.psnr_lost:.3f} dB lost, "
            f"{self.inference_ms:.2f} ms per picture" + (f"; {operators}" if operators else "")
        )


@dataclass(frozen=True)
class FloatPair:
    """The float models of a codec, and their latents for a calibration set.

    `pixels` (N, h, w, C) are uint8: tiles or, for convolutional codecs, pictures with sides that
    are multiples of a tile's.
    """

    folder: CodecFolder
    pixels: Pixels

    @cached_property
    def models(self) -> dict[Half, Any]:
        """Both Keras models; raises CodecError if an HDF5 file is missing or damaged."""
        return {half: keras_half(self.folder, half) for half in Half}

    @cached_property
    def inputs(self) -> dict[Half, Float32]:
        """Inputs of both halves: images in 0..1, and latents with the channels of all levels."""
        encoder = self.models[Half.ENCODER]
        images = shaped_for(self.pixels.astype(np.float32) / np.float32(255), encoder.input_shape)
        latents = self._rounded(float_predictor(encoder)(images))
        return {Half.ENCODER: images, Half.DECODER: latents}

    def measured(self, half: Half, name: str, content: bytes) -> Parity:
        """Measure an exported file; the suffix of its name determines the format."""
        is_tflite = name.endswith(".tflite")
        run = FloatRunner(content) if is_tflite else float_predictor(open_model(name, content))
        operators = read_model(content).operators if is_tflite else []
        sample = self.inputs[half][:1]
        return Parity(
            file=name,
            half=half.value,
            bytes=len(content),
            pictures=len(self.pixels),
            inference_ms=_milliseconds(lambda: run(sample)),
            **self._losses(half, run),
            operators=dict(Counter(operator.name for operator in operators)),
        )

    def with_static_shape(self, half: Half, content: bytes) -> bytes:
        """The TFLite file of a half, with static shapes, for the inputs of the calibration set.

        TensorFlow Lite Micro needs static shapes; LiteRT computes them.
        """
        if not self.folder.spec.receptive_field:
            return content
        shape = (1, *self.inputs[half].shape[1:])
        content = resized(content, *shape[1:3])
        whole = schema.ModelT.InitFromPackedBuf(content)
        with silent_stderr():
            interpreter = open_interpreter(content, input_shape=shape, kernels=Kernels.BUILTIN)
        # LiteRT may have temporary tensors in addition to those of the file.
        shapes = {tensor["index"]: tensor["shape"] for tensor in interpreter.get_tensor_details()}
        for number, tensor in enumerate(whole.subgraphs[0].tensors):
            tensor.shape, tensor.shapeSignature = shapes[number], None
        return packed(whole)

    @cached_property
    def _float_psnr(self) -> float:
        decoder = float_predictor(self.models[Half.DECODER])
        return metrics.psnr(self._squared_error(decoder, self.inputs[Half.DECODER]))

    def _losses(self, half: Half, run: Run) -> dict[str, Any]:
        latents, decode, differ = self.inputs[Half.DECODER], run, None
        if half is Half.ENCODER:
            exact, decode = latents, float_predictor(self.models[Half.DECODER])
            latents = self._rounded(run(self.inputs[Half.ENCODER]))
            differ = float((latents != exact).mean())
        lost = self._float_psnr - metrics.psnr(self._squared_error(decode, latents))
        return {"codes_differ": differ, "psnr_lost": lost}

    def _rounded(self, latents: Float32) -> Float32:
        """Latents rounded to integers and clipped to int8, as floats for the decoder."""
        rounded = np.clip(np.rint(latents), -128, 127)
        return shaped_for(rounded, self.models[Half.DECODER].input_shape)

    def _squared_error(self, decode: Run, latents: Float32) -> float:
        """Squared error at the default level."""
        requantized = self.folder.spec.level().requantize(latents.astype(np.int8))
        decoded = np.rint(255 * np.clip(decode(requantized.astype(np.float32)), 0, 1))
        return metrics.mse(self.pixels, decoded.reshape(self.pixels.shape))


def _milliseconds(work: Callable[[], object]) -> float:
    """Time of the fastest of 30 rounds, or of fewer rounds if they take long."""
    work()
    seconds: list[float] = []
    while len(seconds) < _ROUNDS and sum(seconds) < _ENOUGH_SECONDS:
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return 1000 * min(seconds)
