"""What does a digit cost, and what is left of it, against PNG, JPEG, WebP, JPEG XL and AVIF?

    python -m benchmarks.digits mnist.npz [--peers 1000] [--json FILE]

Whole files of single digits; PSNR of the squared error averaged over all digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import aecodec
from aecodec import Codec, container, metrics
from aecodec.images import Pixels
from benchmarks.peers_in_pillow import LOSSLESS, restored, saved
from benchmarks.rows import arguments, write_rows

_PEERS: list[tuple[str, str, dict[str, Any]]] = [
    *((title, name, settings) for title, (name, settings) in LOSSLESS.items()),
    ("JPEG", "JPEG", {"quality": 5, "optimize": True}),
    ("JPEG", "JPEG", {"quality": 20, "optimize": True}),
    ("WebP", "WebP", {"quality": 0, "method": 6}),
    ("WebP", "WebP", {"quality": 20, "method": 6}),
    ("JPEG XL", "JXL", {"quality": 5}),
    ("JPEG XL", "JXL", {"quality": 30}),
    ("AVIF", "AVIF", {"quality": 0, "speed": 4}),
    ("AVIF", "AVIF", {"quality": 10, "speed": 4}),
]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--peers", type=int, default=1000, help="digits for the other formats")
    options = parser.parse_args()
    digits = np.load(options.data)["x_test"]
    rows = []
    for row in _rows(digits, options.peers):
        print(_text(row), flush=True)
        rows.append(row)
    write_rows(options.json, rows)


def _rows(digits: Pixels, peers: int) -> Iterator[dict[str, Any]]:
    codec = aecodec.load_codec("digits")
    for level in range(1, len(codec.spec.levels) + 1):
        yield _ours(codec, digits, level)
    for title, name, settings in _PEERS:
        yield _theirs(title, name, settings, digits[:peers])


def _ours(codec: Codec, digits: Pixels, level: int) -> dict[str, Any]:
    files = [codec.compress(digit, level) for digit in digits]
    back = np.stack([np.asarray(codec.decompress(file)) for file in files])
    stack = codec.compress(digits, level)
    prior = codec.folder.prior(level)
    ideal = prior.bits(codec.encoder.codes(digits[..., None], level)) / 8
    return {
        "format": "aecodec",
        "settings": f"level {level}",
        "digits": len(digits),
        "bytes": round(float(np.mean([len(file) for file in files])), 3),
        "psnr": round(metrics.psnr(metrics.mse(digits, back)), 3),
        "payload": round(float(np.mean([len(container.unpack(f)[1]) for f in files])), 3),
        "ideal_payload": round(float(ideal.mean()), 3),
        "stack_bytes": round(len(stack) / len(digits), 3),
        "stack_over_ideal": round(len(stack) / ideal.sum() - 1, 5),
        "thousand_over_ideal": round(
            len(codec.compress(digits[:1000], level)) / ideal[:1000].sum() - 1, 5
        ),
    }


def _theirs(title: str, name: str, settings: dict[str, Any], digits: Pixels) -> dict[str, Any]:
    files = [saved(digit, name, settings) for digit in digits]
    back = np.stack([restored(file, digit) for file, digit in zip(files, digits, strict=True)])
    error = metrics.mse(digits, back)
    return {
        "format": title,
        "settings": f"quality {settings['quality']}" if "quality" in settings else "",
        "digits": len(digits),
        "bytes": round(float(np.mean([len(file) for file in files])), 3),
        "psnr": round(metrics.psnr(error), 3) if error else None,
    }


def _text(row: dict[str, Any]) -> str:
    quality = "lossless" if row["psnr"] is None else f"{row['psnr']:.2f} dB"
    line = f"{row['format']:<17} {row['settings']:<11} {row['bytes']:7.2f} bytes  {quality}"
    if "payload" in row:
        line += f"  (payload {row['payload']:.2f}, ideal {row['ideal_payload']:.2f}; "
        line += f"all in one file {row['stack_bytes']:.3f}, {row['stack_over_ideal']:+.2%} over "
        line += f"ideal; a thousand {row['thousand_over_ideal']:+.2%})"
    return line


if __name__ == "__main__":
    main()
