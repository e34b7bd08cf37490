"""Check that a device folder is complete, compiles, and agrees with Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from aecodec.base.arrays import Pixels
from aecodec.base.errors import AecodecError, CodecError, ImageError
from aecodec.codec.codec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.export.device.device_codec import DeviceCodec
from aecodec.export.device.network_source import network_name
from aecodec.export.device.tables import CTables
from aecodec.format.container import LEVEL_UNITS
from aecodec.imaging.picture import Picture, without_channel_axis
from aecodec.imaging.tiling import to_planes

_EXPORT_AGAIN = "export the folder again"
_UNREAD = "the C code cannot read the library's file"
_COMPILERS = ("cc", "gcc", "clang")
_OPTIONS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror")


@dataclass(frozen=True)
class DeviceFolder:
    """A folder that `aecodec export --format c` wrote."""

    path: Path

    def constant(self, name: str) -> int:
        """A constant of `codec.h`, such as "WORK_SIZE"; AecodecError if it is missing."""
        pattern = rf"^#define CODEC_{name} (\w+)$"
        match = re.search(pattern, self._text("codec.h"), re.MULTILINE)
        if not match:
            raise AecodecError(
                f"{self.path / 'codec.h'} does not define CODEC_{name}: {_EXPORT_AGAIN}"
            )
        return int(match[1], 0)

    def _text(self, name: str) -> str:
        try:
            return (self.path / name).read_text("utf-8", errors="replace")
        except OSError as error:
            raise AecodecError(
                f"{self.path / name} cannot be read ({error.strerror}): use a folder written by "
                "aecodec export --format c"
            ) from error

    @property
    def codec_id(self) -> bytes:
        return self.constant("ID").to_bytes(4, "big")

    @property
    def level(self) -> float:
        return self.constant("LEVEL") / LEVEL_UNITS

    @property
    def size(self) -> tuple[int, int]:
        return self.constant("WIDTH"), self.constant("HEIGHT")

    @property
    def networks(self) -> list[Half]:
        """The halves whose networks are in the folder; AecodecError if there are none."""
        halves = [half for half in Half if (self.path / f"{network_name(half)}.c").exists()]
        if not halves:
            raise AecodecError(f"{self.path} contains no network: {_EXPORT_AGAIN}")
        return halves

    def build(self, out: Path, options: Sequence[str] = ()) -> None:
        """Compile the example program; AecodecError without a compiler, or if it fails."""
        compiler = os.environ.get("CC") or next(filter(shutil.which, _COMPILERS), None)
        if not compiler:
            raise AecodecError("there is no C compiler: install one, or set the variable CC")
        sources = map(str, [self.path / "main.c", *sorted(self.path.glob("aecodec*.c"))])
        _run_program(
            [compiler, *_OPTIONS, *options, "-o", str(out), *sources],
            f"{compiler} cannot compile {self.path}",
        )


def run_trial(program: Path, device: DeviceCodec, halves: Sequence[Half], pixels: Pixels) -> None:
    """Run the program of a folder, with these halves, on a picture (1, H, W, C).

    Raises AecodecError if the program fails, or its results differ from the library's.
    """
    picture, file, decoded = (program.with_name(name) for name in ("in", "file.aec", "out"))
    expected = device.file(pixels)
    if Half.ENCODER in halves:
        picture.write_bytes(pixels.tobytes())
        _run_program([str(program), "encode", str(picture), str(file)], "the C code writes no file")
        _check(file, expected, "writes a different file")
    if Half.DECODER in halves:
        file.write_bytes(expected)
        _run_program([str(program), "decode", str(file), str(decoded)], _UNREAD)
        _check(decoded, device.decoded(pixels).tobytes(), "restores different pixels")


def _check(file: Path, expected: bytes, difference: str) -> None:
    if file.read_bytes() != expected:
        raise AecodecError(f"the C code {difference} than the library: {_EXPORT_AGAIN}")


def _run_program(command: list[str], failure: str) -> None:
    try:
        process = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise AecodecError(f"{failure}: {command[0]} cannot be run ({error.strerror})") from error
    if process.returncode:
        raise AecodecError(f"{failure}: {process.stderr.strip()}")


def check_device(device: DeviceFolder, codec: Codec, pictures: Iterable[Picture]) -> int:
    """Check that a device's program writes and reads the library's files; return how many pictures.

    Raises AecodecError if results differ or the folder does not build, CodecError if a different
    codec was exported, and ImageError if there are no pictures.
    """
    if codec.spec.codec_id != device.codec_id:
        raise CodecError(
            f"{device.path} was exported from the codec with the id {device.codec_id.hex()}, not "
            f"from {codec.spec.name}: pass the exported codec with --codec"
        )
    reference, halves, count = DeviceCodec(CTables(codec.folder, device.level)), device.networks, 0
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "main")
        device.build(program)
        for picture in pictures:
            run_trial(program, reference, halves, prepared(codec, device, picture))
            count += 1
    if not count:
        raise ImageError("there are no pictures for the check: name at least one")
    return count


def prepared(codec: Codec, device: DeviceFolder, picture: Picture) -> Pixels:
    """Scale a picture to (1, H, W, C); a grey codec receives the red channel of colour pictures."""
    image = Image.fromarray(without_channel_axis(picture.pixels[0]))
    scaled = np.asarray(image.resize(device.size, Image.Resampling.BICUBIC))
    channels = picture.pixels.shape[-1]
    return to_planes(scaled.reshape(1, *scaled.shape[:2], channels), codec.spec.channels)[:1]
