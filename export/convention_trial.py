"""Find conventions by trial: a pair restores pictures best with the conventions of its training."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from aecodec import metrics
from aecodec.base.arrays import Float32
from aecodec.base.errors import ModelError, warn
from aecodec.export.conventions import COMMON, NORMALIZED, Convention, Ends
from aecodec.export.model_hints import UNIT, ModelHints, PixelRange, listed

Run = Callable[[Float32], Float32]
"""Maps inputs of an encoder, (N, ...), to outputs of the decoder."""

_BETTER_ORDER, _BETTER_RANGE, _BETTER_SIDES, _BETTER_MIXTURE = 1.03, 1.15, 1.5, 2.0
"""Factors of the squared error by which unusual channel orders or ranges, swapped sides, or
different ranges of both halves must be better. Pairs that learned little are up to 0.1 dB better
with wrong orders."""

_BETTER_THAN_STATED = 1.1
"""Additional factor by which conventions must be better than stated conventions."""

_ESTIMATED = 1.1
"""Factor for ranges that are estimated from the pictures, which correct the mean of any pair."""

_RESTORED = 0.5
"""Largest squared error, relative to the variance, of conventions that the user did not state."""


def find_conventions(
    run: Run, images: Float32, hints: ModelHints, are_flat: tuple[bool, bool]
) -> Ends:
    """Find the conventions with which a pair restores images (N, h, w, C) in 0..1 best.

    Stated conventions are kept, and 0..1, RGB and channels last are preferred. An
    :class:`AecodecWarning` lists all other conventions. `are_flat`: whether the encoder accepts
    vectors, and whether the decoder returns vectors.

    Raises ModelError, unless forced, if conventions that contradict the stated ones, or swapped
    sides of vectors, are clearly better.
    """
    hints = _applicable(hints, images.shape[-1], are_flat)
    estimated = _estimated(images)
    ends = (_candidates(hints, end, estimated, is_flat) for end, is_flat in enumerate(are_flat))
    errors = _errors(run, images, *ends)
    stated = [ends for ends in errors if _is_as_stated(ends, hints)]
    usual, variance = stated[0], float(images.var(axis=(0, 1, 2)).mean())

    def cost(ends: Ends) -> float:
        if ends != usual and errors[ends] > _RESTORED * variance:
            return np.inf
        return errors[ends] * _factor(ends, usual, estimated)

    best = min(stated, key=cost)
    better = min(errors, key=cost)
    if cost(better) < cost(best) and _BETTER_RANGE * errors[better] < errors[best]:
        text = (
            "with your options, the models restore the calibration pictures at "
            f"{_db(errors[best])}; with {better}, at {_db(errors[better])}: use "
            f"{_options(better, hints)}"
        )
        if _BETTER_THAN_STATED * cost(better) < cost(best) and not hints.force:
            raise ModelError(f"{text}, or use --force to keep your options")
        warn(f"{text} if the models were trained this way")
    if best != usual:
        _announce(best, usual, errors, hints)
    if all(are_flat) and not hints.force and images.shape[1] != images.shape[2]:
        _check_sides(run, best, images)
    return best


def _check_sides(run: Run, ends: Ends, images: Float32) -> None:
    """Raise ModelError if a pair restores transposed images (N, w, h, C) clearly better."""
    height, width, channels = images.shape[1:]
    error, swapped = (
        _errors(run, batch, [ends.entry], [ends.exit])[ends]
        for batch in (images, images.swapaxes(1, 2))
    )
    if _BETTER_SIDES * swapped < error:
        raise ModelError(
            f"the models restore the calibration pictures at {_db(error)}, but at {_db(swapped)} "
            f"with swapped sides: use --image-shape {height}x{width}{'x3' * (channels == 3)}, or "
            "use --force to keep your shape"
        )


def _announce(best: Ends, usual: Ends, errors: dict[Ends, float], hints: ModelHints) -> None:
    warn(
        f"aecodec assumes {best}, which restores the calibration pictures at {_db(errors[best])}"
        f" (with {usual}: {_db(errors[usual])}). If you trained the models in a different way, "
        f"change {_options(best, hints)}"
    )


def _db(error: float) -> str:
    return f"{metrics.psnr(255**2 * error):.1f} dB"


def _applicable(hints: ModelHints, channels: int, are_flat: tuple[bool, bool]) -> ModelHints:
    """The hints without the order of grey channels, and the layout of pictures."""
    if channels == 1:
        return replace(hints, are_bgr=(None, None), are_planar=(None, None))
    first, second = (
        is_planar if is_flat else None
        for is_planar, is_flat in zip(hints.are_planar, are_flat, strict=True)
    )
    return replace(hints, are_planar=(first, second))


def _candidates(
    hints: ModelHints, end: int, estimated: list[PixelRange], is_flat: bool
) -> list[Convention]:
    """The conventions to try at an end of a pair, beginning with the stated or usual convention."""
    channels = len(estimated[-1].black)
    stated = hints.pixel_ranges[end] or hints.pixel_ranges[0]
    ranges = [*([stated] if stated else []), *COMMON, *NORMALIZED[channels], *estimated]
    if len(ranges[0].black) > channels:
        raise ModelError("--mean and --std have three numbers, but the pictures are grey: use one")
    flags = (False, True) if channels == 3 else (False,)
    parts = itertools.product(dict.fromkeys(ranges), flags, flags if is_flat else (False,))
    return list(itertools.starmap(Convention, parts))


def _estimated(images: Float32) -> list[PixelRange]:
    """The ranges of standardized pictures: of all channels together, and of each."""
    groups = [images.reshape(-1, 1), images.reshape(-1, images.shape[-1])]
    deviations = (np.maximum(values.std(axis=0), 1e-6) for values in groups)
    return [
        UNIT.normalized(values.mean(axis=0).tolist(), deviation.tolist())
        for values, deviation in zip(groups, deviations, strict=True)
    ]


def _errors(
    run: Run, images: Float32, entries: list[Convention], exits: list[Convention]
) -> dict[Ends, float]:
    errors = {}
    for entry in entries:
        with np.errstate(all="ignore"):
            values = run(entry.from_pixels(images))
            for exit_ in exits:
                pixels = exit_.to_pixels(values, images.shape)
                errors[Ends(entry, exit_)] = float(np.mean(np.square(pixels - images)))
    return errors


def _is_as_stated(ends: Ends, hints: ModelHints) -> bool:
    stated = zip(hints.pixel_ranges, hints.are_bgr, hints.are_planar, strict=True)
    own = [(end.pixel_range, end.is_bgr, end.is_planar) for end in ends]
    pairs = zip(itertools.chain(*stated), itertools.chain(*own), strict=True)
    return all(expected in (None, actual) for expected, actual in pairs)


def _factor(ends: Ends, usual: Ends, estimated: list[PixelRange]) -> float:
    """The factor by which the error of unusual conventions counts."""
    ranges, usual_ranges = ([end.pixel_range for end in pair] for pair in (ends, usual))
    if ends == usual:
        return 1
    if ranges == usual_ranges:
        return _BETTER_ORDER
    factor = _BETTER_RANGE if ranges[0] == ranges[1] else _BETTER_MIXTURE
    return factor * (_ESTIMATED if set(ranges) & set(estimated) else 1)


def _options(ends: Ends, hints: ModelHints) -> str:
    """The options for conventions, including usual conventions that differ from stated ones."""
    entry, exit_ = (end.pixel_range for end in ends)
    texts = []
    if len(entry.black) == len(exit_.black) == 1:
        texts.append(f"--pixel-range={entry}" + (f",{exit_}" if exit_ != entry else ""))
    else:
        texts.append(f"--mean {listed(entry.mean)} --std {listed(entry.std)}")
        texts += [f"--pixel-range=0..1,{exit_}"] if len(exit_.black) == 1 else []
    for option, words, flags, stated in (
        ("--channel-order", ("rgb", "bgr"), [end.is_bgr for end in ends], hints.are_bgr),
        ("--layout", ("hwc", "chw"), [end.is_planar for end in ends], hints.are_planar),
    ):
        if any((*flags, *stated)):
            texts.append(f"{option} " + ",".join(dict.fromkeys(words[flag] for flag in flags)))
    return " ".join(texts)
