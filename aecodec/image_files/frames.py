"""Animations and documents of several pages: their frames as one picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from aecodec.errors import ImageError
from aecodec.format.container import MetadataKind
from aecodec.image_files.colour import in_kept_colours
from aecodec.image_files.notes import Notes
from aecodec.imaging.picture import Picture, stack


def frames_in(image: Image.Image) -> int:
    """Number of frames; Photoshop files are shown as one, whatever layers they are made of."""
    return 1 if image.format == "PSD" else int(getattr(image, "n_frames", 1))


def each_frame(images: Iterable[Image.Image]) -> Iterator[Image.Image]:
    """All frames of several images: each image with one frame after the other shown.

    Afterwards an image shows the frame that it showed before.
    """
    for image in images:
        count = frames_in(image)
        if count < 2:
            yield image
            continue
        shown = image.tell()
        try:
            for number in range(count):
                image.seek(number)
                yield image
        finally:
            image.seek(shown)


def note_left_out_frames(count: int, notes: Notes) -> None:
    """Note that the first of several frames is read alone."""
    left = "1 is left out" if count == 2 else f"{count - 1} are left out"
    notes.add(
        f"the file holds several frames; only the first is compressed, and {left} "
        "(--frames all compresses all; from Python, ReadOptions)"
    )


def joined(frames: Sequence[Picture], notes: Notes) -> Picture:
    """Join the frames of one file, with the metadata of the first.

    Grey frames become RGB, and opaque ones get an alpha plane, if another frame has that. Frames
    with different colour profiles are converted to sRGB.

    Raises:
        ImageError: they differ in size.
    """
    sizes = dict.fromkeys(frame.size for frame in frames)
    if len(sizes) > 1:
        listed = ", ".join(f"{width}x{height}" for width, height in sizes)
        raise ImageError(
            f"its {len(frames)} frames differ in size ({listed}), and a file holds frames of one "
            "size: save them as files of their own, or leave out --frames all"
        )
    if len({frame.metadata.get(MetadataKind.ICC) for frame in frames}) > 1:
        notes.add("its frames have different colour profiles and were converted to sRGB")
        frames = [in_kept_colours(frame, {}) for frame in frames]
    has_alpha = any(frame.alpha is not None for frame in frames)
    whole = stack([_with_alpha(frame) if has_alpha else frame for frame in frames])
    return replace(whole, metadata=frames[0].metadata)


def _with_alpha(frame: Picture) -> Picture:
    opaque = np.full(frame.pixels.shape[:3], 255, np.uint8)
    return frame if frame.alpha is not None else replace(frame, alpha=opaque)
