"""Does the C library make Python's files and pixels, bit by bit?

Python runs the networks in LiteRT's reference kernels for it, which takes minutes for each picture
of Kodak. The last figures compare with the bytes of XNNPACK's kernels, whose latents differ now and
then.
"""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import aecodec
from aecodec import Codec
from aecodec.codec.encoded_picture import EncodedPicture
from aecodec.datasets.evaluation_set import open_dataset
from aecodec.format.limits import UNLIMITED
from aecodec.imaging.picture import Picture
from benchmarks.c_codec import CCodec, add_options, bundle_of, reference_pair, totals_by_level
from benchmarks.harness import Options, Row


def add_arguments(parser: Options) -> None:
    """Add the data, the codec, its levels, and the number of pictures."""
    add_options(parser)


def measure(options: Namespace) -> Iterator[Row]:
    """One row per level."""
    codec = aecodec.load_codec(options.codec)
    comparison = _Comparison(codec)
    totals = totals_by_level(codec, options.levels)
    for sample in islice(open_dataset(options.data), options.limit):
        comparison.add(Picture(sample.picture.pixels), totals)
    for level, total in totals.items():
        more = total.pop("bytes") / total.pop("bytes_of_xnnpack") - 1
        yield {
            "codec": codec.spec.name,
            "level": level,
            **total,
            "bytes_more_than_xnnpack_percent": round(100 * more, 4),
        }


class _Comparison:
    """A codec in C, and in Python on two kinds of kernels."""

    def __init__(self, codec: Codec) -> None:
        self._codec, self._c = codec, CCodec(bundle_of(codec.folder))
        self._encoder, self._decoder = reference_pair(codec.folder)

    def add(self, picture: Picture, totals: dict[float, Counter[str]]) -> None:
        """Count what is the same in the files of a picture, level by level."""
        header = self._encoder.header(picture, metadata=False)
        encoded = self._encoder.encode(picture, header)
        fastest = self._codec.encoder.encode(picture, header)
        for level, total in totals.items():
            file = self._c.compress(picture.pixels, level)
            total["pictures"] += 1
            total["same_files"] += file == encoded.to_bytes(level)
            total["same_pixels"] += self._has_same_pixels(encoded, level)
            total["bytes"] += len(file)
            total["bytes_of_xnnpack"] += len(fastest.to_bytes(level))

    def _has_same_pixels(self, encoded: EncodedPicture, level: float) -> bool:
        file = encoded.to_bytes(level)
        pixels = self._decoder.decompress_picture(file, UNLIMITED).pixels
        return bool((self._c.decompress(file) == pixels).all())
