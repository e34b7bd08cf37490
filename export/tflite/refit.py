"""Fit the weights of a model's last layer to the rounding errors of the int8 layers before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import starmap
from typing import Any, NamedTuple

import numpy as np

from aecodec.base.arrays import Float32, Float64
from aecodec.compiler.interpreter import open_interpreter
from aecodec.compiler.lowering import Integers
from aecodec.compiler.model import Model, Operator, packed, read_model

_PLACES = {"CONV_2D": (0, 2), "FULLY_CONNECTED": (0, 2), "TRANSPOSE_CONV": (2, 3)}
"""Places of the variable and of the bias among the inputs of layers; the kernel is at 1."""

_HELD_OUT, _RIDGE, _MOST_PRODUCTS, _MOST_WEIGHTS = 4, 1e-3, 1e10, 1600


def refitted(whole: Any, quantize: Callable[[], bytes], samples: Float32) -> bytes:
    """The int8 form of a `whole` float model, whose last layer corrects earlier rounding errors.

    These errors are correlated. Least squares find the weights that map the layer's int8 inputs to
    its float outputs (similar to M. Nagel et al., "Up or Down? Adaptive Rounding for Post-Training
    Quantization", 2020). Every fourth of the `samples` (N, *input_shape) is held out: the model
    gets the new weights if they reduce its error for these samples.
    """
    floats, int8 = packed(whole), quantize()
    layer, rounded = (_Layer.last(read_model(content)) for content in (floats, int8))
    if layer is None or rounded is None or layer.kernel.shape != rounded.kernel.shape:
        return int8
    is_held_out = np.arange(len(samples)) % _HELD_OUT == _HELD_OUT - 1
    inputs = _results(int8, rounded.source, samples[~is_held_out])
    outputs = _results(floats, layer.operator.outputs[0], samples[~is_held_out])
    layer.replace(whole, *layer.fitted(zip(inputs, outputs, strict=True), len(samples)))
    return min(int8, quantize(), key=lambda content: _error(floats, content, samples[is_held_out]))


def _error(floats: bytes, int8: bytes, samples: Float32) -> float:
    outputs = (_results(content, read_model(content).exit, samples) for content in (floats, int8))
    return float(sum(np.square(a - b).sum() for a, b in zip(*outputs, strict=True)))


def _results(content: bytes, number: int, samples: Float32) -> Iterator[Float64]:
    """The real values of a tensor of a float or int8 model, for each sample."""
    interpreter, model = open_interpreter(content, preserves_tensors=True), read_model(content)
    entry, tensor = model.tensors[model.entry], model.tensors[number]
    if entry.scale:
        samples = np.rint(samples / entry.scale + entry.zeros).clip(-128, 127)
    for sample in samples.astype(entry.dtype):
        interpreter.set_tensor(model.entry, sample[None])
        interpreter.invoke()
        values = interpreter.get_tensor(number).astype(np.float64)
        yield (values - tensor.zeros) * tensor.scale if tensor.scale else values


class _Layer(NamedTuple):
    """A layer with the number of its variable input, and its weights (outputs, ...)."""

    operator: Operator
    source: int
    kernel: Float32
    bias: Float32

    @classmethod
    def last(cls, model: Model) -> _Layer | None:
        """The last layer, if it has a bias, few weights, a batch of 1, no activation or groups."""
        layers = (layer for layer in reversed(model.operators) if layer.name in _PLACES)
        layer = next((op for op in layers if model.tensors[op.inputs[1]].is_constant), None)
        if layer is None or layer.options.fusedActivationFunction:
            return None
        variable, bias = _PLACES[layer.name]
        kernel, source = model.tensors[layer.inputs[1]].values, layer.inputs[variable]
        shape, is_large = model.tensors[source].shape, kernel[0].size > _MOST_WEIGHTS
        is_fitted = not is_large and shape[0] == 1 and kernel.shape[-1] == shape[-1]
        if not is_fitted or layer.inputs[bias:] in ([], [-1]):
            return None
        return cls(layer, source, kernel, model.tensors[layer.inputs[bias]].values)

    def fitted(self, pairs: Iterable[tuple[Float64, Float64]], count: int) -> tuple[Any, Any]:
        """Kernel and bias that map inputs to outputs, in random windows of `count` pairs."""
        old = np.c_[self.kernel.reshape(len(self.kernel), -1), self.bias]
        size, rng = old.shape[1], np.random.default_rng(0)
        gram, error = np.zeros((size, size)), np.zeros(old.T.shape)
        for inputs, outputs in pairs:
            vectors = outputs.reshape(-1, len(old))
            picked = rng.permutation(len(vectors))[: 1 + int(_MOST_PRODUCTS / size**2 / count)]
            windows = np.c_[self._windows(inputs, outputs.shape, picked), np.ones(len(picked))]
            gram += windows.T @ windows
            error += windows.T @ (vectors[picked] - windows @ old.T)
        new = old + np.linalg.solve(gram + _RIDGE * np.diag(np.diag(gram) + 1e-9), error).T
        return new[:, :-1].reshape(self.kernel.shape), new[:, -1]

    def _windows(self, inputs: Float64, shape: tuple[int, ...], picked: Integers) -> Float64:
        """The inputs of the picked outputs, among outputs of a shape (1, ..., channels)."""
        if self.operator.name == "FULLY_CONNECTED":
            return inputs.reshape(-1, self.kernel.shape[1])[picked]
        places = np.unravel_index(picked, shape[1:3])
        axes = zip((0, 1), places, inputs.shape[1:3], shape[1:3], strict=True)
        rows, columns = starmap(self._sources, axes)
        padded = np.pad(inputs[0], [(0, 1), (0, 1), (0, 0)])
        return np.asarray(padded[rows[:, :, None], columns[:, None]].reshape(len(picked), -1))

    def _sources(self, axis: int, outputs: Integers, side: int, target: int) -> Integers:
        """Places of the inputs (N, window) of outputs (N,) along a side; `side` stands for 0."""
        options, size = self.operator.options, self.kernel.shape[1 + axis]
        step, taps = (options.strideH, options.strideW)[axis], np.arange(size)
        if self.operator.name == "TRANSPOSE_CONV":
            before = max(0, (side - 1) * step + size - target) // 2
            sources, rest = np.divmod(outputs[:, None] + before - taps, step)
        else:
            rate = (options.dilationHFactor, options.dilationWFactor)[axis]
            before = max(0, (target - 1) * step + (size - 1) * rate + 1 - side) // 2
            sources, rest = outputs[:, None] * step + taps * rate - before, 0
        return np.where((rest == 0) & (sources >= 0) & (sources < side), sources, side)

    def replace(self, whole: Any, *weights: Float64) -> None:
        for place, values in zip((1, -1), weights, strict=True):
            tensor = whole.subgraphs[0].tensors[self.operator.inputs[place]]
            whole.buffers[tensor.buffer].data = values.astype(np.float32).ravel().view(np.uint8)
