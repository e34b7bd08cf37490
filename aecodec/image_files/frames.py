"""Join the frames of animations and multi-page documents to one picture."""

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
    """Number of frames; layers of Photoshop files do not count as frames."""
    return 1 if image.format == "PSD" else int(getattr(image, "n_frames", 1))


def iter_frames(images: Iterable[Image.Image]) -> Iterator[Image.Image]:
    """Yield images once per frame, with that frame selected; afterwards, restore the selection."""
    for image in images:
        count = frames_in(image)
        if count < 2:
            yield image
            continue
        current = image.tell()
        try:
            for number in range(count):
                image.seek(number)
                yield image
        finally:
            image.seek(current)


def joined(frames: Sequence[Picture], notes: Notes) -> Picture:
    """Join the frames of a file, with the metadata of the first.

    If any frame is RGB or has alpha, all frames become RGB or get an alpha plane. Frames with
    different colour profiles are converted to sRGB. Raises ImageError if the frames differ in size.
    """
    sizes = dict.fromkeys(frame.size for frame in frames)
    if len(sizes) > 1:
        text = ", ".join(f"{width}x{height}" for width, height in sizes)
        raise ImageError(
            f"its {len(frames)} frames differ in size ({text}), but all frames of a file must have "
            "the same size: save them as separate files, or omit --frames all"
        )
    if len({frame.metadata.get(MetadataKind.ICC) for frame in frames}) > 1:
        notes.add("its frames have different colour profiles and were converted to sRGB")
        frames = [in_kept_colours(frame, {}) for frame in frames]
    has_alpha = any(frame.alpha is not None for frame in frames)
    if has_alpha:
        opaque = np.full(frames[0].pixels.shape[:3], 255, np.uint8)
        frames = [
            frame if frame.alpha is not None else replace(frame, alpha=opaque) for frame in frames
        ]
    picture = stack(frames)
    return replace(picture, metadata=frames[0].metadata)
