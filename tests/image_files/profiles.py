"""ICC profiles for tests, made here: no file of somebody else is copied."""

from __future__ import annotations

import struct
from functools import cache

import numpy as np
from PIL import ImageCms

D50 = (0.9642, 1.0, 0.8249)
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))


@cache
def srgb() -> bytes:
    """The profile of sRGB that LittleCMS makes, with the second in which it is first made."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def lab() -> bytes:
    """The profile of CIE Lab that LittleCMS makes."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def rgb(primaries: tuple[tuple[float, ...], ...], gamma: float = 2.2) -> bytes:
    """A profile of a screen with these primaries, as XYZ under D50."""
    tags = {b"wtpt": _xyz(D50)}
    for letter, primary in zip(b"rgb", primaries, strict=True):
        tags[bytes([letter]) + b"XYZ"] = _xyz(primary)
        tags[bytes([letter]) + b"TRC"] = _curve(gamma)
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey(gamma: float) -> bytes:
    """A profile for grey pixels with a gamma."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _xyz(D50), b"kTRC": _curve(gamma)})


def cmyk() -> bytes:
    """A profile of a press with dull inks: a table of the 16 full overprints, to Lab."""
    paper = [255, 128, 128]
    inks = [[-115, -37, -50], [-133, 74, -3], [-28, -5, 93], [-214, 0, 0]]
    amounts = np.indices((2,) * 4).reshape(4, -1).T
    nodes = (paper + amounts @ inks).clip(0, 255).astype(np.uint8).tobytes()
    ramp = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 * (n % 4 == 0) for n in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + ramp * 4 + nodes + ramp * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(D50), b"A2B0": table})


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {b"desc": _description("made for a test"), b"cprt": b"text\0\0\0\0none\0", **tags}
    offset, directory, content = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        directory += struct.pack(">4sII", name, offset + len(content), len(value))
        content += padded
    body = directory + content
    header = struct.pack(
        ">I4sI4s4s4s", 128 + len(body), bytes(4), 0x02400000, kind, space, connection
    )
    header += struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _numbers(D50)
    return header.ljust(128, b"\0") + body


def _description(text: str) -> bytes:
    content = text.encode() + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(content)) + content + bytes(4 + 4 + 3 + 67)


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + _numbers(values)


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))


def _numbers(values: tuple[float, ...]) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(65536 * value) for value in values))
