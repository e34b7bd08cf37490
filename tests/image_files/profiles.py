"""ICC profiles for tests, made here: no file of somebody else is copied."""

from __future__ import annotations

import struct

import numpy as np
from PIL import ImageCms

SRGB, LAB = (
    ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes() for space in ("sRGB", "LAB")
)
_D50 = (0.9642, 1.0, 0.8249)
_RED, _GREEN, _BLUE = (0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841)
"""Primaries of Display P3 as XYZ under D50."""


def _profile(space: bytes, kind: bytes, connection: bytes, **tags: bytes) -> bytes:
    name = b"made for a test\0"
    text = b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(4 + 4 + 3 + 67)
    tags = {"desc": text, "cprt": b"text\0\0\0\0none\0", "wtpt": _xyz(_D50), **tags}
    place, directory, content = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for tag, value in tags.items():
        directory += struct.pack(">4sII", tag.encode(), place + len(content), len(value))
        content += value + bytes(-len(value) % 4)
    size = place + len(content)
    header = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02400000, kind, space, connection)
    header += struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _numbers(_D50)
    return header.ljust(128, b"\0") + directory + content


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + _numbers(values)


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))


def _numbers(values: tuple[float, ...]) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(65536 * value) for value in values))


def _overprints() -> bytes:
    """A table of the 16 full overprints of dull inks, to Lab."""
    inks = [[-115, -37, -50], [-133, 74, -3], [-28, -5, 93], [-214, 0, 0]]
    amounts = np.indices((2,) * 4).reshape(4, -1).T
    nodes = ([255, 128, 128] + amounts @ inks).clip(0, 255).astype(np.uint8).tobytes()
    matrix, ramp = _numbers((1, 0, 0, 0, 1, 0, 0, 0, 1)), bytes(range(256))
    return b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + ramp * 4 + nodes + ramp * 3


P3 = _profile(
    b"RGB ",
    b"mntr",
    b"XYZ ",
    **{"rXYZ": _xyz(_RED), "gXYZ": _xyz(_GREEN), "bXYZ": _xyz(_BLUE)},
    **dict.fromkeys(("rTRC", "gTRC", "bTRC"), _curve(2.2)),
)
GREY_18 = _profile(b"GRAY", b"mntr", b"XYZ ", kTRC=_curve(1.8))
PRESS = _profile(b"CMYK", b"prtr", b"Lab ", A2B0=_overprints())
