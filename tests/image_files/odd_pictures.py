"""Odd pictures: files of many modes, depths, profiles, orientations, sizes and frames."""

from __future__ import annotations

import io
import struct
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from image_files.profiles import GREY_18, LAB, P3, PRESS
from PIL import ExifTags, Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from aecodec.base.arrays import Pixels
from aecodec.format.container import MetadataKind
from aecodec.image_files.options import Frames, ReadOptions

ICC, EXIF, XMP = MetadataKind.ICC, MetadataKind.EXIF, MetadataKind.XMP
XMP_PACKET = b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"/><?xpacket end="w"?>'
AS_USUAL = ReadOptions()

rows, columns = np.mgrid[:40, :48]
COLOURS = np.stack([5 * columns, 6 * rows, (3 * rows + 2 * columns) % 256], axis=-1).astype(
    np.uint8
)
GREYS = COLOURS[..., 1]
ALPHA = (255 - 5 * columns).astype(np.uint8)


@dataclass(frozen=True)
class OddPicture:
    """A file, what is odd about it, and the mode, colours and kinds of metadata that it becomes.

    `colours` is (F, H, W, 3) uint8, or broadcasts to it: how the file is shown, in sRGB. `warning`
    is a part of the only one; empty if there must not be any.
    """

    name: str
    content: bytes
    mode: str = "RGB"
    colours: Pixels = field(default_factory=lambda: COLOURS)
    warning: str = ""
    kinds: Set[MetadataKind] = frozenset()
    options: ReadOptions = AS_USUAL


def saved(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def shown_as(image: Image.Image, profile: bytes) -> Pixels:
    """How an image with a profile is shown, (H, W, 3): what another program makes of it."""
    opened = ImageCms.getOpenProfile(io.BytesIO(profile))
    screen = ImageCms.createProfile("sRGB")
    return np.asarray(ImageCms.profileToProfile(image, opened, screen, outputMode="RGB"))


def as_rgb(grey: Pixels) -> Pixels:
    return np.repeat(grey[..., None], 3, axis=-1)


def with_alpha(image: Image.Image) -> Image.Image:
    result = image.copy()
    result.putalpha(Image.fromarray(ALPHA))
    return result


def exif_of(**tags: Any) -> bytes:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[ExifTags.Base[name]] = value
    return exif.tobytes()


def with_chunks(*chunks: tuple[bytes, bytes], **texts: str) -> bytes:
    info = PngInfo()
    for name, content in chunks:
        info.add(name, content)
    for name, text in texts.items():
        info.add_text(name, text)
    return saved(rgb, pnginfo=info)


def animation(file_format: str, images: list[Image.Image], **options: Any) -> bytes:
    first, *rest = images
    return saved(first, file_format, save_all=True, append_images=rest, **options)


def flat_photoshop_file() -> bytes:
    width, height = rgb.size
    header = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, height, width, 8, 3)
    return header + bytes(12) + b"\0\0" + b"".join(band.tobytes() for band in rgb.split())


rgb, grey = map(Image.fromarray, (COLOURS, GREYS))
cmyk = Image.merge(
    "CMYK", [Image.fromarray(COLOURS[..., n]) for n in (0, 1, 2)] + [grey.point(lambda v: v // 3)]
)
lab = ImageCms.profileToProfile(
    rgb, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
)
lab.info.clear()  # of the profile
palette = rgb.quantize(64)
palette_shown = np.asarray(palette.convert("RGB"))
jpeg = saved(rgb, "JPEG", quality=95)
jpeg_shown = np.asarray(Image.open(io.BytesIO(jpeg)))
second = Image.fromarray(np.ascontiguousarray(COLOURS[::-1]))

ODD_PICTURES = [
    OddPicture("grey", saved(grey), "L", as_rgb(GREYS)),
    OddPicture("colours with alpha", saved(with_alpha(rgb)), "RGBA"),
    OddPicture("palette", saved(palette), colours=palette_shown),
    OddPicture("transparent colour", saved(palette, transparency=3), "RGBA", palette_shown),
    OddPicture("transparent level", saved(grey, transparency=60), "LA", as_rgb(GREYS)),
    OddPicture(
        "wide colours with alpha",
        saved(with_alpha(rgb), icc_profile=P3),
        "RGBA",
        shown_as(rgb, P3),
        kinds={ICC},
    ),
    OddPicture(
        "grey profile", saved(grey, icc_profile=GREY_18), "L", shown_as(grey, GREY_18), kinds={ICC}
    ),
    OddPicture(
        "profile for RGB",
        saved(grey, icc_profile=P3),
        "L",
        as_rgb(GREYS),
        warning="its colour profile for RGB, because its pixels are L",
    ),
    OddPicture(
        "damaged profile", saved(rgb, icc_profile=P3[:300]), warning="profile, which is damaged"
    ),
    OddPicture(
        "CMYK with a profile",
        saved(cmyk, "TIFF", icc_profile=PRESS),
        colours=shown_as(cmyk, PRESS),
        warning="CMYK was converted to sRGB with its colour profile",
    ),
    OddPicture(
        "CMYK",
        saved(cmyk, "TIFF"),
        colours=np.asarray(cmyk.convert("RGB")),
        warning="CMYK was converted to RGB without a colour profile",
    ),
    OddPicture(
        "Lab with a profile",
        saved(lab, "TIFF", icc_profile=LAB),
        colours=shown_as(lab, LAB),
        warning="LAB was converted to sRGB with its colour profile",
    ),
    OddPicture(
        "linear light",
        with_chunks((b"gAMA", struct.pack(">I", 100000))),
        warning="aecodec drops its gamma of 1",
    ),
    OddPicture(
        "no EXIF", saved(rgb, exif=b"garbage"), warning="aecodec drops its EXIF, which is damaged"
    ),
    OddPicture(
        "coding of colours by numbers",
        with_chunks((b"cICP", bytes([12, 13, 0, 1]))),
        warning="its colour coding (cICP 12, 13, 0, 1) is ignored: its pixels are read as sRGB",
    ),
    OddPicture("Photoshop", flat_photoshop_file()),
    OddPicture("300 dpi", saved(rgb, dpi=(300, 300)), kinds={EXIF}),
    OddPicture(
        "text",
        with_chunks(Title="a", Author="b", Software="c"),
        warning="aecodec drops its text (Title, Author)",
    ),
    OddPicture(
        "comment and resolution beside EXIF",
        saved(rgb, "JPEG", quality=95, comment=b"mine", dpi=(300, 300), exif=exif_of(Make="m")),
        colours=jpeg_shown,
        warning="aecodec drops its resolution of 300 dpi and its comment",
        kinds={EXIF},
    ),
    OddPicture(
        "TIFF with tags",
        saved(rgb, "TIFF", artist="b", dpi=(600, 600), tiffinfo={33550: (3.0,) * 3, 65000: "x"}),
        warning="aecodec drops its TIFF tags ModelPixelScaleTag, ",
        kinds={EXIF},
    ),
    OddPicture(
        "orientation",
        saved(rgb, exif=exif_of(Orientation=7, Make="m")),
        colours=np.asarray(rgb.transpose(Image.Transpose.TRANSVERSE)),
        kinds={EXIF},
    ),
    OddPicture(
        "pages of several modes",
        animation("TIFF", [grey, second, rgb.copy()]),
        colours=np.stack([as_rgb(GREYS), COLOURS[::-1], COLOURS]),
        options=ReadOptions(frames=Frames.ALL),
    ),
]
