"""How far an exported half is from the float Keras models that the codec came from."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from aecodec import metrics
from aecodec.export.fixed_size import at_size
from aecodec.export.formats import keras_half, opened
from aecodec.export.kinds import Half
from aecodec.export.micro import run_in_micro
from aecodec.images import Pixels
from aecodec.spec import CodecFolder
from aecodec.transforms import allocated, silent_stderr

Floats = npt.NDArray[np.float32]
Run = Callable[[Floats], Floats]

_ROUNDS, _BATCH = 30, 64
_ONLY_TFLITE = "only TFLite files run there"


@dataclass(frozen=True)
class Parity:
    """One exported file against the float models, over a calibration set.

    Attributes:
        file: its name.
        half: "encoder" or "decoder".
        bytes: its size.
        pictures: of the calibration set.
        codes_differ: share of the codes that are not those of the float encoder; None for a
            decoder.
        psnr_lost: dB at the default level, beside the float pair, the other half being float.
        inference_ms: of one picture, one thread.
        operators: of TFLite, by name; empty for Keras files.
        arena_bytes: in TensorFlow Lite Micro; None if it does not run there.
        micro: why it does not run there.
    """

    file: str
    half: str
    bytes: int
    pictures: int
    codes_differ: float | None
    psnr_lost: float
    inference_ms: float
    operators: dict[str, int] = field(default_factory=dict)
    arena_bytes: int | None = None
    micro: str = ""

    def as_json(self) -> dict[str, Any]:
        """For `--report`."""
        return asdict(self)

    def as_text(self) -> str:
        """For people."""
        differ = "" if self.codes_differ is None else f"{self.codes_differ:.2%} of codes differ, "
        micro = (
            f"arena {self.arena_bytes} bytes"
            if self.arena_bytes
            else f"not on a device: {self.micro}"
        )
        operators = ", ".join(f"{name} x{count}" for name, count in self.operators.items())
        return (
            f"{self.file}: {self.bytes} bytes, {differ}{self.psnr_lost:.3f} dB lost, "
            f"{self.inference_ms:.2f} ms a picture; {micro}"
            + (f"; {operators}" if operators else "")
        )


@dataclass(frozen=True)
class FloatPair:
    """A codec's float models, and what they make of a calibration set.

    Args:
        folder: the codec.
        pixels: (N, h, w, C) uint8: tiles, or, for networks of any size, pictures of one size whose
            sides are multiples of a tile's.
    """

    folder: CodecFolder
    pixels: Pixels

    @cached_property
    def models(self) -> dict[Half, Any]:
        """The two Keras models.

        Raises:
            CodecError: an HDF5 file is absent or damaged.
        """
        return {half: keras_half(self.folder, half) for half in Half}

    @cached_property
    def inputs(self) -> dict[Half, Floats]:
        """What each half sees: images in 0..1, whole latents."""
        encoder = self.models[Half.ENCODER]
        images = _shaped(self.pixels.astype(np.float32) / np.float32(255), encoder.input_shape)
        return {Half.ENCODER: images, Half.DECODER: self._integers(_predict(encoder)(images))}

    def measured(self, half: Half, name: str, content: bytes) -> Parity:
        """An exported file's parity.

        Args:
            half: which half it is.
            name: the file's name; its ending tells the format.
            content: the file.
        """
        is_tflite = name.endswith(".tflite")
        run = _litert(content) if is_tflite else _predict(opened(name, content))
        sample = self.inputs[half][:1]
        return Parity(
            file=name,
            half=half.value,
            bytes=len(content),
            pictures=len(self.pixels),
            inference_ms=_milliseconds(lambda: run(sample)),
            **self._losses(half, run),
            **(self._on_device(half, content) if is_tflite else {"micro": _ONLY_TFLITE}),
        )

    @cached_property
    def _reference(self) -> float:
        """PSNR of the pair itself."""
        exact = _predict(self.models[Half.DECODER])
        return metrics.psnr(self._error(exact, self.inputs[Half.DECODER]))

    def _losses(self, half: Half, run: Run) -> dict[str, Any]:
        exact, codes = _predict(self.models[Half.DECODER]), self.inputs[Half.DECODER]
        reference = self._reference
        if half is Half.DECODER:
            lost = reference - metrics.psnr(self._error(run, codes))
            return {"codes_differ": None, "psnr_lost": lost}
        found = self._integers(run(self.inputs[Half.ENCODER]))
        lost = reference - metrics.psnr(self._error(exact, found))
        return {"codes_differ": float((found != codes).mean()), "psnr_lost": lost}

    def _integers(self, latents: Floats) -> Floats:
        """What the decoder sees: integers of the network, as floats."""
        integers = np.clip(np.rint(latents), -128, 127)
        return _shaped(integers, self.models[Half.DECODER].input_shape)

    def _on_device(self, half: Half, content: bytes) -> dict[str, Any]:
        micro = run_in_micro(self.at_size(half, content))
        return {
            "operators": operators_of(content),
            "arena_bytes": micro.arena_bytes,
            "micro": micro.reason,
        }

    def at_size(self, half: Half, content: bytes) -> bytes:
        """A TFLite file of a half, of networks of any size made for pictures of this size."""
        if not self.folder.spec.reach:
            return content
        rows, columns = self.inputs[half].shape[1:3]
        return at_size(content, rows, columns)

    def _error(self, decode: Run, integers: Floats) -> float:
        """Squared error at the default level."""
        kept = self.folder.spec.level().rounded(integers.astype(np.int8)).astype(np.float32)
        decoded = np.rint(255 * np.clip(decode(kept), 0, 1))
        return metrics.mse(self.pixels, decoded.reshape(self.pixels.shape))


def operators_of(model: bytes) -> dict[str, int]:
    """How often a TFLite model uses each operator."""
    graph = flatbuffer_utils.read_model_from_bytearray(bytearray(model))
    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in graph.operatorCodes]
    return dict(Counter(names[codes[each.opcodeIndex]] for each in graph.subgraphs[0].operators))


def _shaped(batch: Floats, shape: tuple[int | None, ...]) -> Floats:
    """A batch as a model takes it that may leave out axes of 1, or take any size."""
    return batch if None in shape[1:] else batch.reshape(-1, *shape[1:])


def _predict(model: Any) -> Run:
    def run(batch: Floats) -> Floats:
        shaped = _shaped(batch, model.input_shape)
        return np.asarray(model.predict(shaped, batch_size=_BATCH, verbose=0), np.float32)

    return run


def _litert(content: bytes) -> Run:
    """Floats in and out, whatever integers the model has at its ends; one thread."""
    with silent_stderr():
        interpreter = allocated(content)
    entry, exit_ = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def run(batch: Floats) -> Floats:
        shaped = _quantized(batch, entry)
        if shaped[0].size == math.prod(entry["shape"]):
            shaped = shaped.reshape(-1, *entry["shape"][1:])
        else:  # networks of any size
            shape = (1, *shaped.shape[1:])
            interpreter.resize_tensor_input(entry["index"], shape, strict=False)
            interpreter.allocate_tensors()
        return np.concatenate([_dequantized(one(each), exit_) for each in shaped])

    def one(item: npt.NDArray[Any]) -> npt.NDArray[Any]:
        interpreter.set_tensor(entry["index"], item[None])
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(exit_["index"]))

    return run


def _quantized(batch: Floats, detail: dict[str, Any]) -> npt.NDArray[Any]:
    scale, zero = detail["quantization"]
    if not scale:
        return batch
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.rint(batch / scale) + zero, limits.min, limits.max).astype(detail["dtype"])


def _dequantized(values: npt.NDArray[Any], detail: dict[str, Any]) -> Floats:
    scale, zero = detail["quantization"]
    return np.asarray((values.astype(np.float32) - zero) * scale if scale else values, np.float32)


def _milliseconds(work: Callable[[], object]) -> float:
    """The fastest of some rounds."""
    work()
    seconds = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return 1000 * min(seconds)
