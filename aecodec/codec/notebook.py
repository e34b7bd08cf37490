"""HTML for notebooks: a codec as a table of its levels, a file as its picture and its size."""

import base64
import io
from dataclasses import replace
from html import escape

from PIL import Image

from aecodec.codec.base import CodecHalf
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.summary import levels_of, title_line, unit_of_cost
from aecodec.format.limits import UNLIMITED
from aecodec.image_files.writing import to_pil
from aecodec.imaging.display import bands_to_show, display
from aecodec.imaging.picture import Picture

MAX_PICTURES = 10
"""Number of pictures of a stack to show."""

_LARGEST, _SMALLEST = 1024, 112
"""Pixels of a side: larger pictures are reduced, smaller pictures are enlarged."""


def codec_html(folder: CodecFolder) -> str:
    """Show a codec as a table with the cost and the PSNR of its levels."""
    unit = unit_of_cost(folder)
    decimals = 3 if unit == "bpp" else 2
    rows = [
        f"<tr><td>{number}{' (default)' * is_default}</td>"
        f"<td>{cost:.{decimals}f}</td><td>{psnr:.2f}</td></tr>"
        for number, cost, psnr, is_default in levels_of(folder)
    ]
    head = f"<tr><th>level</th><th>{unit}</th><th>PSNR in dB</th></tr>"
    head = head if rows else ""
    caption = f'<caption style="white-space:nowrap">{escape(title_line(folder))}</caption>'
    return f"<table>{caption}{head}{''.join(rows)}</table>"


def file_html(text: str, png: bytes | None, frames: int) -> str:
    """Show a file as a figure: a picture, if there is one, above a caption that describes it."""
    picture = "" if png is None else _img(png, text)
    if png is not None and frames > MAX_PICTURES:
        text += f"; the first {MAX_PICTURES} pictures are shown"
    return f'<figure style="margin:0">{picture}<figcaption>{escape(text)}</figcaption></figure>'


def pictures_png(codec: CodecHalf, data: bytes) -> bytes | None:
    """Draw the first pictures of a file side by side as a PNG file; None without a decoder."""
    if not codec.folder.has(Half.DECODER):
        return None
    decoder = DecoderCodec(codec.folder, workers=codec.workers)
    picture = decoder.decompress_picture(data, UNLIMITED)
    images = to_pil(_shown(picture))
    for image in images:
        image.thumbnail((_LARGEST // len(images), _LARGEST))
    width, height = images[0].size
    sheet = Image.new(images[0].mode, (width * len(images), height))
    for number, image in enumerate(images):
        sheet.paste(image, (width * number, 0))
    file = io.BytesIO()
    sheet.save(file, "PNG", icc_profile=images[0].info.get("icc_profile"))
    return file.getvalue()


def _shown(picture: Picture) -> Picture:
    """The first frames of a picture, as grey or RGB."""
    first = slice(MAX_PICTURES)
    alpha = None if picture.alpha is None else picture.alpha[first]
    missing = None if picture.missing is None else picture.missing[first]
    picture = replace(picture, pixels=picture.pixels[first], alpha=alpha, missing=missing)
    if not picture.is_scientific:
        return picture
    return Picture(display(picture, picture, bands_to_show(None, picture.pixels.shape[-1])))


def _img(png: bytes, text: str) -> str:
    with Image.open(io.BytesIO(png)) as image:
        width, height = image.size
    scale = max(1, round(_SMALLEST / height))
    style = f"width:{width * scale}px;max-width:100%"
    crisp = ";image-rendering:pixelated" if scale > 1 else ""
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return f'<img src="{source}" alt="{escape(text)}" style="{style}{crisp}">'
