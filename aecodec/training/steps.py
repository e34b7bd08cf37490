"""Quantisation steps: one for each channel of a code, by what its rounding does to the picture.

At one slope of rate against distortion, rounding costs the picture as much in every channel (the
high-rate theory of transform coding, as in A. Gersho and R. M. Gray, "Vector Quantization and
Signal Compression", 1992, chapter 8). So a channel's step goes with one over the root of the
decoder's sensitivity to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_ALLOWED = 1.1
"""What rounding at the middle level may make of the squared error."""

_LARGEST_RATIO = 1e3
_PROBE = 0.25
_BATCH = 100


def channel_steps(decoder: Any, images: Floats, latents: Floats) -> Floats:
    """(K,) the largest steps, balanced between channels, that add little to the squared error.

    Args:
        decoder: a Keras model, latents to images.
        images: (N, *image_shape) what was encoded.
        latents: (N, ..., K) as they were encoded.
    """
    relative = 1 / np.sqrt(sensitivities(decoder, latents))
    return scaled_to_error(decoder, images, latents, relative / np.exp(np.log(relative).mean()))


def scaled_to_error(decoder: Any, images: Floats, latents: Floats, relative: Floats) -> Floats:
    """(K,) steps of given proportions, as large as the squared error allows."""

    def error(steps: Floats | None) -> float:
        rounded = latents if steps is None else np.rint(latents / steps) * steps
        return float(np.mean((_decoded(decoder, rounded) - images) ** 2))

    widest = float((np.abs(latents).max(axis=_all_but_last(latents)) / relative).max()) or 1.0
    allowed = _ALLOWED * error(None)
    for factor in widest * 2.0 ** -np.arange(0, 12, 0.25):
        if error(relative * np.float32(factor)) <= allowed:
            break
    return np.asarray(relative * factor, np.float32)


def sensitivities(decoder: Any, latents: Floats, seed: int = 0) -> Floats:
    """(K,) the squared error in the picture for each unit of it in a channel.

    Args:
        decoder: a Keras model, latents to images.
        latents: (N, ..., K).
        seed: of the signs of the errors that are tried.
    """
    exact = _decoded(decoder, latents)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], latents.shape[:-1])
    spread = latents.std(axis=_all_but_last(latents))
    found = np.zeros(latents.shape[-1], np.float32)
    for channel, each in enumerate(spread):
        moved, by = latents.copy(), _PROBE * max(float(each), 1e-6)
        moved[..., channel] += by * signs
        found[channel] = np.mean((_decoded(decoder, moved) - exact) ** 2) / by**2
    return np.maximum(found, found.max() / _LARGEST_RATIO**2 + np.finfo(np.float32).tiny)


def _decoded(decoder: Any, latents: Floats) -> Floats:
    """As `predict`, without its start-up: it is called once a channel."""
    parts = (latents[start : start + _BATCH] for start in range(0, len(latents), _BATCH))
    return np.concatenate([np.asarray(decoder(part, training=False)) for part in parts])


def _all_but_last(latents: Floats) -> tuple[int, ...]:
    return tuple(range(latents.ndim - 1))
