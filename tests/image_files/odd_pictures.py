"""Forty odd pictures: files of many modes, depths, profiles, orientations, sizes and frames."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from image_files import profiles
from PIL import ExifTags, Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from aecodec.arrays import Pixels
from aecodec.format.container import MetadataKind
from aecodec.image_files.options import Frames, ReadOptions

ICC, EXIF, XMP = MetadataKind.ICC, MetadataKind.EXIF, MetadataKind.XMP
SRGB, P3 = profiles.srgb(), profiles.rgb(profiles.DISPLAY_P3)
ADOBE, GREY_18, PRESS = profiles.rgb(profiles.ADOBE_RGB), profiles.grey(1.8), profiles.cmyk()
LAB = profiles.lab()
XMP_PACKET = b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"/><?xpacket end="w"?>'
AS_USUAL, DEEP = ReadOptions(), ReadOptions(depth=8)
ALL_FRAMES = ReadOptions(frames=Frames.ALL)

rows, columns = np.mgrid[:40, :48]
COLOURS = np.stack([5 * columns, 6 * rows, (3 * rows + 2 * columns) % 256], axis=-1).astype(
    np.uint8
)
GREYS = COLOURS[..., 1]
EQUAL = np.repeat(GREYS[..., None], 3, axis=-1)
ALPHA = (255 - 5 * columns).astype(np.uint8)


@dataclass(frozen=True)
class OddPicture:
    """A file, and what is to become of it.

    Attributes:
        name: what is odd about it.
        content: makes the file.
        mode: mode of the picture.
        shown: (F, H, W, 3) uint8, or what broadcasts to it: how the file is shown, in sRGB.
        said: parts of the warnings, one for each; no others may be given.
        kept: kinds of metadata that are kept.
        options: what is accepted.
    """

    name: str
    content: Callable[[], bytes]
    mode: str
    shown: Pixels
    said: tuple[str, ...] = ()
    kept: frozenset[MetadataKind] = frozenset()
    options: ReadOptions = AS_USUAL


def saved(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    """An image as a file."""
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


def palette_image() -> Image.Image:
    return rgb.quantize(64)


def png_with(chunks: list[tuple[bytes, bytes]], image: Image.Image) -> bytes:
    """A PNG file with chunks after its first."""
    return with_chunks(chunks, saved(image))


def with_chunks(chunks: list[tuple[bytes, bytes]], content: bytes) -> bytes:
    return content[:33] + b"".join(png_chunk(*each) for each in chunks) + content[33:]


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + zlib.crc32(name + content).to_bytes(4)


def deep_png(values: np.ndarray) -> bytes:
    """A PNG file of 16 bits per channel: (H, W, C) uint16, with C in 1..4."""
    height, width, channels = values.shape
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*each) for each in chunks)


def deep_ppm(values: np.ndarray) -> bytes:
    """A PPM file of 16 bits per channel."""
    height, width, _ = values.shape
    return b"P6 %d %d 65535\n" % (width, height) + values.astype(">u2").tobytes()


def raw_profile_text(name: str, content: bytes) -> PngInfo:
    info = PngInfo()
    info.add_text(f"Raw profile type {name}", f"\n{name}\n{len(content):8}\n{content.hex()}\n")
    return info


def texts(**values: str) -> PngInfo:
    info = PngInfo()
    for name, value in values.items():
        info.add_text(name, value)
    return info


def animation(file_format: str, images: list[Image.Image], **options: Any) -> bytes:
    first, *others = images
    return saved(first, file_format, save_all=True, append_images=others, **options)


def gamma_shown(pixels: Pixels, gamma: float) -> Pixels:
    light = (pixels / 255) ** (1 / gamma)
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * srgb).astype(np.uint8)


def scaled(values: np.ndarray) -> Pixels:
    low, high = values.min(), values.max()
    return as_rgb(np.rint((values - low) / (high - low) * 255).astype(np.uint8))


def png_profile(profile: bytes) -> tuple[bytes, bytes]:
    return b"iCCP", b"x\0\0" + zlib.compress(profile)


def flat_photoshop_file() -> bytes:
    width, height = rgb.size
    header = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, height, width, 8, 3)
    return header + bytes(12) + b"\0\0" + b"".join(band.tobytes() for band in rgb.split())


GAMMA_1 = (b"gAMA", struct.pack(">I", 100000))
ORIENTATION_AND_ODD_TAG = (
    b"MM\0*\0\0\0\x08\0\x02"
    + struct.pack(">HHIHH", 274, 3, 1, 6, 0)
    + struct.pack(">HHI4s", 282, 2, 4, b"300\0")
    + bytes(4)
)
rgb, grey, equal = map(Image.fromarray, (COLOURS, GREYS, EQUAL))
cmyk = Image.merge(
    "CMYK", [Image.fromarray(COLOURS[..., n]) for n in (0, 1, 2)] + [grey.point(lambda v: v // 3)]
)
lab = ImageCms.profileToProfile(
    rgb, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
)
lab.info.clear()  # of the profile
black_and_white = grey.convert("1")
wide = (GREYS.astype(np.uint16) * 257 + 100).clip(0, 65535)
wide_colours = COLOURS.astype(np.uint16) * 257
floats = (GREYS.astype(np.float32) - 100) / 7
jpeg = saved(rgb, "JPEG", quality=95)
jpeg_shown = np.asarray(Image.open(io.BytesIO(jpeg)))
cmyk_jpeg_shown = shown_as(Image.open(io.BytesIO(saved(cmyk, "JPEG", quality=95))), PRESS)
second = Image.fromarray(np.ascontiguousarray(COLOURS[::-1]))
both = np.stack([COLOURS, COLOURS[::-1]])
lab_shown = shown_as(lab, LAB)
y_cb_cr = rgb.convert("YCbCr")

ODD_PICTURES = [
    OddPicture("grey", lambda: saved(grey), "L", as_rgb(GREYS)),
    OddPicture("grey with alpha", lambda: saved(with_alpha(grey)), "LA", as_rgb(GREYS)),
    OddPicture("colours", lambda: saved(rgb), "RGB", COLOURS),
    OddPicture("colours with alpha", lambda: saved(with_alpha(rgb)), "RGBA", COLOURS),
    OddPicture("equal channels", lambda: saved(equal), "RGB", EQUAL),
    OddPicture("equal channels with alpha", lambda: saved(with_alpha(equal)), "RGBA", EQUAL),
    OddPicture(
        "equal channels with a profile",
        lambda: saved(equal, icc_profile=ADOBE),
        "RGB",
        shown_as(equal, ADOBE),
        kept=frozenset({ICC}),
    ),
    OddPicture(
        "black and white",
        lambda: saved(black_and_white),
        "L",
        as_rgb(np.asarray(black_and_white.convert("L"))),
    ),
    OddPicture(
        "palette", lambda: saved(palette_image()), "RGB", np.asarray(palette_image().convert("RGB"))
    ),
    OddPicture(
        "palette with a transparent colour",
        lambda: saved(palette_image(), transparency=3),
        "RGBA",
        np.asarray(palette_image().convert("RGB")),
    ),
    OddPicture(
        "grey with a transparent level", lambda: saved(grey, transparency=60), "LA", as_rgb(GREYS)
    ),
    OddPicture("a transparent colour", lambda: saved(rgb, transparency=(0, 0, 0)), "RGBA", COLOURS),
    OddPicture(
        "sRGB profile", lambda: saved(rgb, icc_profile=SRGB), "RGB", COLOURS, kept=frozenset({ICC})
    ),
    OddPicture(
        "wide colours",
        lambda: saved(rgb, icc_profile=P3),
        "RGB",
        shown_as(rgb, P3),
        kept=frozenset({ICC}),
    ),
    OddPicture(
        "wide colours with alpha, TIFF",
        lambda: saved(with_alpha(rgb), "TIFF", icc_profile=P3),
        "RGBA",
        shown_as(rgb, P3),
        kept=frozenset({ICC}),
    ),
    OddPicture(
        "grey profile",
        lambda: saved(grey, icc_profile=GREY_18),
        "L",
        shown_as(grey, GREY_18),
        kept=frozenset({ICC}),
    ),
    OddPicture(
        "grey profile with alpha",
        lambda: saved(with_alpha(grey), "TIFF", icc_profile=GREY_18),
        "LA",
        shown_as(grey, GREY_18),
        kept=frozenset({ICC}),
    ),
    OddPicture(
        "palette with a profile",
        lambda: saved(palette_image(), icc_profile=P3),
        "RGB",
        shown_as(palette_image().convert("RGB"), P3),
        kept=frozenset({ICC}),
    ),
    OddPicture(
        "grey with a profile for RGB",
        lambda: saved(grey, icc_profile=P3),
        "L",
        as_rgb(GREYS),
        ("profile is not kept: it is for RGB, but the pixels are L",),
    ),
    OddPicture(
        "colours with a profile for grey",
        lambda: saved(rgb, icc_profile=GREY_18),
        "RGB",
        COLOURS,
        ("profile is not kept: it is for GRAY, but the pixels are RGB",),
    ),
    OddPicture(
        "damaged profile",
        lambda: saved(rgb, icc_profile=P3[:300]),
        "RGB",
        COLOURS,
        ("profile is not kept: it is damaged",),
    ),
    OddPicture(
        "profile that is none",
        lambda: saved(rgb, icc_profile=b"profile"),
        "RGB",
        COLOURS,
        kept=frozenset({ICC}),
    ),
    OddPicture(
        "CMYK with a profile",
        lambda: saved(cmyk, "TIFF", icc_profile=PRESS),
        "RGB",
        shown_as(cmyk, PRESS),
        ("CMYK was converted to sRGB with its colour profile",),
    ),
    OddPicture(
        "CMYK with a profile, JPEG",
        lambda: saved(cmyk, "JPEG", quality=95, icc_profile=PRESS),
        "RGB",
        cmyk_jpeg_shown,
        ("CMYK was converted to sRGB with its colour profile",),
    ),
    OddPicture(
        "CMYK",
        lambda: saved(cmyk, "TIFF"),
        "RGB",
        np.asarray(cmyk.convert("RGB")),
        ("CMYK was converted to RGB without a colour profile",),
    ),
    OddPicture(
        "CMYK with a profile for RGB",
        lambda: saved(cmyk, "TIFF", icc_profile=P3),
        "RGB",
        np.asarray(cmyk.convert("RGB")),
        (
            "it is for RGB, but the pixels are CMYK",
            "CMYK was converted to RGB without",
        ),
    ),
    OddPicture(
        "Lab with a profile",
        lambda: saved(lab, "TIFF", icc_profile=LAB),
        "RGB",
        lab_shown,
        ("LAB was converted to sRGB with its colour profile",),
    ),
    OddPicture("Lab", lambda: saved(lab, "TIFF"), "RGB", lab_shown, ("LAB was converted to RGB",)),
    OddPicture(
        "YCbCr with a profile",
        lambda: saved(y_cb_cr, "TIFF", icc_profile=P3),
        "RGB",
        shown_as(y_cb_cr.convert("RGB"), P3),
        ("YCbCr was converted to RGB",),
        frozenset({ICC}),
    ),
    OddPicture(
        "linear light",
        lambda: png_with([(b"gAMA", struct.pack(">I", 100000))], rgb),
        "RGB",
        gamma_shown(COLOURS, 1.0),
        ("its gamma of 1 was converted to sRGB",),
    ),
    OddPicture(
        "linear light beside a damaged profile",
        lambda: png_with([GAMMA_1, png_profile(P3[:300])], rgb),
        "RGB",
        gamma_shown(COLOURS, 1.0),
        ("profile is not kept: it is damaged", "its gamma of 1 was converted to sRGB"),
    ),
    OddPicture(
        "linear light in 16 bits of grey",
        lambda: with_chunks([GAMMA_1], deep_png(wide[..., None])),
        "L",
        as_rgb(gamma_shown(GREYS, 1.0)),
        ("its gamma of 1 was converted to sRGB",),
        options=DEEP,
    ),
    OddPicture(
        "coding of colours by numbers",
        lambda: png_with([(b"cICP", bytes([12, 13, 0, 1]))], rgb),
        "RGB",
        COLOURS,
        ("its colour coding (cICP 12, 13, 0, 1) is ignored: its pixels are read as sRGB",),
    ),
    OddPicture(
        "sRGB by numbers",
        lambda: png_with([(b"cICP", bytes([1, 13, 0, 1]))], rgb),
        "RGB",
        COLOURS,
    ),
    OddPicture(
        "EXIF that is none",
        lambda: png_with([(b"eXIf", b"garbage")], rgb),
        "RGB",
        COLOURS,
        ("not kept: its EXIF, which is damaged",),
    ),
    OddPicture(
        "orientation beside an odd tag",
        lambda: png_with([(b"eXIf", ORIENTATION_AND_ODD_TAG)], rgb),
        "RGB",
        np.asarray(rgb.transpose(Image.Transpose.ROTATE_270)),
        ("not kept: its EXIF, which is damaged",),
    ),
    OddPicture("Photoshop", flat_photoshop_file, "RGB", COLOURS),
    OddPicture("Photoshop, all frames", flat_photoshop_file, "RGB", COLOURS, options=ALL_FRAMES),
    OddPicture(
        "usual gamma", lambda: png_with([(b"gAMA", struct.pack(">I", 45455))], rgb), "RGB", COLOURS
    ),
    OddPicture(
        "300 dpi", lambda: saved(rgb, dpi=(300, 300)), "RGB", COLOURS, kept=frozenset({EXIF})
    ),
    OddPicture("72 dpi", lambda: saved(rgb, "JPEG", quality=95, dpi=(72, 72)), "RGB", jpeg_shown),
    OddPicture(
        "text",
        lambda: saved(rgb, pnginfo=texts(Title="a", Author="b", Software="c")),
        "RGB",
        COLOURS,
        ("not kept: its text (Title, Author)",),
    ),
    OddPicture(
        "comment and resolution beside EXIF",
        lambda: saved(
            rgb, "JPEG", quality=95, comment=b"mine", dpi=(300, 300), exif=exif_of(Make="m")
        ),
        "RGB",
        jpeg_shown,
        ("not kept: its resolution of 300 dpi and its comment",),
        frozenset({EXIF}),
    ),
    OddPicture(
        "XMP",
        lambda: saved(rgb, "JPEG", quality=95, xmp=XMP_PACKET),
        "RGB",
        jpeg_shown,
        kept=frozenset({XMP}),
    ),
    OddPicture(
        "EXIF as text",
        lambda: saved(rgb, pnginfo=raw_profile_text("exif", exif_of(Make="m"))),
        "RGB",
        COLOURS,
        kept=frozenset({EXIF}),
    ),
    OddPicture(
        "TIFF with tags",
        lambda: saved(rgb, "TIFF", artist="somebody", dpi=(600, 600)),
        "RGB",
        COLOURS,
        kept=frozenset({EXIF}),
    ),
    *(
        OddPicture(
            f"orientation {number}",
            lambda number=number: saved(rgb, exif=exif_of(Orientation=number, Make="m")),  # type: ignore[misc]
            "RGB",
            np.asarray(rgb.transpose(method)),
            kept=frozenset({EXIF}),
        )
        for number, method in (
            (3, Image.Transpose.ROTATE_180),
            (6, Image.Transpose.ROTATE_270),
            (7, Image.Transpose.TRANSVERSE),
        )
    ),
    OddPicture("one pixel", lambda: saved(rgb.crop((9, 9, 10, 10))), "RGB", COLOURS[9:10, 9:10]),
    OddPicture(
        "a line",
        lambda: saved(rgb.crop((0, 9, 48, 10)), icc_profile=P3),
        "RGB",
        shown_as(rgb, P3)[9:10],
        kept=frozenset({ICC}),
    ),
    OddPicture("16 bits grey", lambda: deep_png(wide[..., None]), "L", as_rgb(GREYS), options=DEEP),
    OddPicture(
        "16 bits grey, TIFF with a profile",
        lambda: saved(Image.fromarray(wide), "TIFF", icc_profile=GREY_18),
        "L",
        shown_as(grey, GREY_18),
        kept=frozenset({ICC}),
        options=DEEP,
    ),
    OddPicture("16 bits colours", lambda: deep_png(wide_colours), "RGB", COLOURS, options=DEEP),
    OddPicture(
        "16 bits colours with alpha",
        lambda: deep_png(np.dstack([wide_colours, wide])),
        "RGBA",
        COLOURS,
        options=DEEP,
    ),
    OddPicture(
        "16 bits colours, PPM", lambda: deep_ppm(wide_colours), "RGB", COLOURS, options=DEEP
    ),
    OddPicture(
        "32 bits",
        lambda: saved(Image.fromarray(GREYS.astype(np.int32) * 1000 - 7), "TIFF"),
        "L",
        scaled(GREYS),
        ("were scaled to 0..255",),
        options=DEEP,
    ),
    OddPicture(
        "floats",
        lambda: saved(Image.fromarray(floats), "TIFF"),
        "L",
        scaled(floats),
        ("its values from -14.2857 to",),
        options=DEEP,
    ),
    OddPicture(
        "animation, its first frame",
        lambda: animation("GIF", [palette_image(), second.quantize(64)]),
        "RGB",
        np.asarray(palette_image().convert("RGB")),
        ("only the first of its 2 frames is compressed",),
    ),
    OddPicture(
        "animation",
        lambda: animation("PNG", [rgb, second], duration=70),
        "RGB",
        both,
        ("durations of its frames are not kept",),
        options=ALL_FRAMES,
    ),
    OddPicture(
        "animation, lossless WebP",
        lambda: animation("WEBP", [rgb, second, rgb], duration=70, lossless=True),
        "RGB",
        np.stack([COLOURS, COLOURS[::-1], COLOURS]),
        ("durations of its frames are not kept",),
        options=ALL_FRAMES,
    ),
    OddPicture(
        "pages of several modes",
        lambda: animation("TIFF", [grey, second, rgb]),
        "RGB",
        np.stack([as_rgb(GREYS), COLOURS[::-1], COLOURS]),
        options=ALL_FRAMES,
    ),
    OddPicture(
        "pages of tifffile, whose description counts them",
        lambda: animation("TIFF", [rgb, second], description='{"shape": [2, 40, 48, 3]}'),
        "RGB",
        both,
        options=ALL_FRAMES,
    ),
    OddPicture(
        "pages of ImageJ, whose description counts them",
        lambda: animation("TIFF", [rgb, second], description="ImageJ=1.53t\nimages=2\nunit=um\n"),
        "RGB",
        both,
        ("not kept: its description",),
        options=ALL_FRAMES,
    ),
    OddPicture(
        "pages with and without alpha",
        lambda: animation("TIFF", [rgb, with_alpha(second)]),
        "RGBA",
        both,
        options=ALL_FRAMES,
    ),
]
