"""A codec from two PyTorch modules."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from aecodec.base.errors import AecodecError, ModelError
from aecodec.codec.codec import Codec
from aecodec.codec_files.folder import check_target
from aecodec.datasets.pictures import open_pictures
from aecodec.export.from_keras import codec_from_keras
from aecodec.export.model_hints import ModelHints
from aecodec.export.tflite.conversion import quiet
from aecodec.keras_models.onnx_files import HALVES, load_onnx

_OUTPUTS = ["mean", "log_variance"]
"""Names for the outputs of a variational encoder, whose mean becomes the code."""


def from_torch(
    encoder: Any,
    decoder: Any,
    pictures: Any,
    folder: str | Path = "codec",
    *,
    any_size: bool = False,
    **options: Any,
) -> Codec:
    """Make a codec from a trained PyTorch encoder and decoder, without ONNX files.

    Args:
        encoder: a module, or a method such as `model.encode`, from pictures (N, C, H, W) to latents
            or indices of codes. If it returns a mean and a log variance, aecodec uses the mean.
        decoder: the module or method from latents back to pictures.
        pictures: for calibration and for fitting the priors: a tensor (N, C, H, W) or (N, H, W), a
            data loader, uint8 or floats in 0..1; or a folder or a NumPy file, as for
            :func:`~aecodec.export.from_keras.codec_from_keras`.
        folder: folder of the codec, created if it does not exist. The codec gets the folder's name.
        any_size: export the models for pictures of any size. Otherwise, they accept pictures of the
            size of `pictures`, or crops of `hints.tile` pixels from a folder.
        options: `levels`, `priors`, `hints` and `replace` of
            :func:`~aecodec.export.from_keras.codec_from_keras`.

    Raises:
        AecodecError: torch, onnx or onnxscript is not installed.
        ModelError: PyTorch cannot export the models, or they cannot become a codec.
        UsageError, ImageError: as for :func:`~aecodec.export.from_keras.codec_from_keras`.
    """
    torch, target = _torch(), Path(folder)
    name = str(options.pop("name", target.resolve().name))
    check_target(target, name, replace=options.get("replace", False))
    with TemporaryDirectory() as temporary, torch.no_grad():
        data = _saved(pictures, Path(temporary, "pictures.npy"))
        rows, columns = open_pictures(data).sizes[0].tolist()
        if data.is_dir():
            rows = columns = options.get("hints", ModelHints()).tile
        halves = [_module(torch, half) for half in (encoder, decoder)]
        with _evaluating(halves):
            example = _example(torch, halves[0], (rows, columns))
            paths = Path(temporary, "encoder.onnx"), Path(temporary, "decoder.onnx")
            first = _keras_model(torch, halves[0], example, paths[0], any_size)
            latents = _first(halves[0](example))
            models = first, _keras_model(torch, halves[1], latents, paths[1], any_size)
        return codec_from_keras(models, data, target, name=name, **options)


def _torch() -> Any:
    try:
        import onnx  # noqa: F401 - of which torch only says that a module is missing
        import onnxscript  # noqa: F401
        import torch
    except ImportError as error:
        raise AecodecError(
            f"PyTorch models need {error.name}: pip install torch 'aecodec[onnx]'"
        ) from error
    return torch


def _module(torch: Any, half: Callable[..., Any]) -> Any:
    """The half as a module, whose weights are those of the object whose method it is."""
    if isinstance(half, torch.nn.Module):
        return half
    module = torch.nn.Module()
    owner = getattr(half, "__self__", None)
    if isinstance(owner, torch.nn.Module):
        module.owner = owner
    module.forward = half
    return module


@contextlib.contextmanager
def _evaluating(halves: list[Any]) -> Iterator[None]:
    """Put modules into evaluation mode, and back into their own modes afterwards."""
    modes = {module: module.training for half in halves for module in half.modules()}
    for module in modes:
        module.training = False
    try:
        yield
    finally:
        for module, is_training in modes.items():
            module.training = is_training


def _first(outputs: Any) -> Any:
    outputs = [*outputs.values()] if isinstance(outputs, dict) else outputs
    return outputs[0] if isinstance(outputs, tuple | list) else outputs


def _example(torch: Any, encoder: Any, sides: tuple[int, int]) -> Any:
    """A picture that the encoder takes, with 3 channels or 1; ModelError if it takes neither."""
    weight = next(encoder.parameters(), torch.zeros(1))
    for channels in (3, 1):
        example = torch.rand(1, channels, *sides, dtype=weight.dtype, device=weight.device)
        try:
            encoder(example)
        except Exception as problem:  # modules may raise anything
            error = problem
        else:
            return example
    raise ModelError(
        f"the encoder accepts neither a (1, 3, {sides[0]}, {sides[1]}) nor a (1, 1, {sides[0]}, "
        f"{sides[1]}) picture ({_summary(error)}): begin it with nn.Flatten() if it needs vectors"
    )


def _keras_model(torch: Any, half: Any, example: Any, path: Path, any_size: bool) -> Any:
    is_dynamic = any_size and getattr(example, "ndim", 0) == 4
    sides = dict.fromkeys((2, 3), torch.export.Dim.DYNAMIC) if is_dynamic else None
    try:
        outputs = half(example)
        is_mean = isinstance(outputs, tuple) and len(outputs) == len(_OUTPUTS)
        with quiet():  # PyTorch warns of its own code
            torch.onnx.export(
                half, (example,), str(path), dynamo=True, verbose=False,
                output_names=_OUTPUTS if is_mean else None,
                dynamic_shapes=(sides,) if sides else None,
            )  # fmt: skip
    except Exception as error:  # modules and the exporter raise whatever they raise
        raise ModelError(
            f"PyTorch cannot export the {path.stem} to ONNX "
            f"({_summary(error)}): change the part that the error names, or {HALVES}"
        ) from error
    try:
        return load_onnx(path)
    except ModelError as error:
        raise ModelError(str(error).replace(str(path), f"the {path.stem}")) from error


def _summary(error: Exception) -> str:
    lines = [line.strip() for line in str(error.__cause__ or error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no reason'}"[:300]


def _saved(pictures: Any, path: Path) -> Path:
    """The path of the pictures; tensors, batches or pictures (C, H, W) become an array (N, ...)."""
    if isinstance(pictures, str | Path):
        return Path(pictures)
    if not hasattr(pictures, "ndim"):
        batches = [np.asarray(_first(batch)) for batch in pictures]
        is_loader = hasattr(pictures, "batch_size")  # a DataLoader, not a data set of pictures
        if not is_loader and all(batch.shape[:-2] in ((1,), (3,)) for batch in batches):
            batches = [picture[None] for picture in batches]
        if len({batch.shape[1:] for batch in batches}) > 1:
            raise ModelError("the pictures have different shapes: use pictures of the same shape")
        pictures = np.concatenate(batches) if batches else np.empty((0, 1, 1))
    elif hasattr(pictures, "detach"):
        pictures = pictures.detach().cpu().numpy()
    if pictures.ndim == 4 and pictures.shape[-1] not in (1, 3):
        pictures = np.moveaxis(pictures, 1, -1)
    is_bytes = pictures.dtype == np.uint8
    if not is_bytes and not np.array_equal(pictures, pictures.clip(0, 1)):
        raise ModelError(
            f"the pictures are {pictures.dtype} from {pictures.min():.9g} to {pictures.max():.9g}, "
            "not uint8 or floats in 0..1 without NaN: undo their normalization, and pass the "
            "models' pixel range with hints=ModelHints(pixel_ranges=...)"
        )
    np.save(path, pictures if is_bytes else np.rint(pictures * 255).astype(np.uint8))
    return path
