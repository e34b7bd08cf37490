"""How long does a picture take, one by one and in a batch, beside Keras and beside other formats?

    python -m benchmarks.speed DATA [--codec NAME|DIR] [--json FILE] [--plot FILE]

DATA is a folder of pictures of one size, or an array of them. Milliseconds a picture, in one
process that is warm; `python -m benchmarks.cold_start` has the time of a whole process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import aecodec
from aecodec import Codec, tiling
from aecodec.dataset import open_dataset
from aecodec.figures import bars_figure
from aecodec.images import Pixels
from aecodec.training import load_model
from benchmarks.peers_in_pillow import restored, saved
from benchmarks.rows import codec_arguments, least_seconds, write_rows

_PICTURES, _SINGLES, _ROUNDS = 1000, 100, 3
_PEERS: dict[str, tuple[str, dict[str, Any]]] = {
    "JPEG": ("JPEG", {"quality": 30}),
    "WebP, method 4": ("WebP", {"quality": 30, "method": 4}),
    "JPEG XL, effort 7": ("JXL", {"quality": 50, "effort": 7}),
    "AVIF, speed 6": ("AVIF", {"quality": 40, "speed": 6}),
}


def main() -> None:
    parser = codec_arguments(__doc__, "digits")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    samples = islice(open_dataset(options.data), _PICTURES)
    pictures = [sample.picture.pixels[0].squeeze() for sample in samples]
    rows = []
    for row in _rows(aecodec.load_codec(options.codec), pictures):
        print(row, flush=True)
        rows.append(row)
    write_rows(options.json, rows)
    if options.plot:
        times = {row["what"]: (row["compress_ms"], row["decompress_ms"]) for row in rows}
        options.plot.write_bytes(bars_figure(times, ("compress", "decompress"), "ms a picture"))


def _rows(codec: Codec, pictures: list[Pixels]) -> Iterator[dict[str, Any]]:
    singles, batch = pictures[:_SINGLES], np.stack(pictures)
    yield _row("aecodec, one by one", singles, codec.compress, codec.decompress)
    yield _row("aecodec, a batch", [batch], codec.compress, codec.decompress, len(batch))
    yield from _keras(codec, batch)
    for name, (kind, settings) in _PEERS.items():
        yield _row(
            name,
            singles,
            lambda each, kind=kind, settings=settings: saved(each, kind, settings),
            lambda file: restored(file, singles[0]),
        )


def _keras(codec: Codec, batch: Pixels) -> Iterator[dict[str, Any]]:
    """The two networks alone, in float, by `predict`."""
    encoder, decoder = (
        load_model(codec.folder.path / f"{half}.hdf5") for half in ("encoder", "decoder")
    )
    colours = batch if batch.ndim == 4 else batch[..., None]
    planes = tiling.to_planes(colours, codec.spec.channels) / np.float32(255)
    for name, inputs, repeats in (
        ("Keras predict, one by one", [planes[n : n + 1] for n in range(20)], 1),
        ("Keras predict, a batch", [planes], len(planes)),
    ):
        yield _row(
            name,
            inputs,
            lambda each: encoder.predict(each, verbose=0),
            lambda codes: decoder.predict(codes, verbose=0),
            repeats,
        )


def _row(
    what: str,
    pictures: list[Any],
    forth: Callable[[Any], Any],
    back: Callable[[Any], object],
    each_holds: int = 1,
) -> dict[str, Any]:
    made = [forth(picture) for picture in pictures]
    count = len(pictures) * each_holds
    return {
        "what": what,
        "compress_ms": round(_milliseconds(lambda: [forth(each) for each in pictures]) / count, 4),
        "decompress_ms": round(_milliseconds(lambda: [back(each) for each in made]) / count, 4),
    }


def _milliseconds(work: Callable[[], object]) -> float:
    return 1000 * least_seconds(work, _ROUNDS)


if __name__ == "__main__":
    main()
