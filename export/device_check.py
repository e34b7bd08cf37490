"""A device folder against Python: built by this machine's compiler, files and codes compared."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from aecodec import tiling
from aecodec.codec import Codec
from aecodec.container import LEVEL_UNITS
from aecodec.encoding import Encoding
from aecodec.errors import AecodecError, CodecError, ImageError
from aecodec.export.c_file import c_file, c_integers
from aecodec.export.c_tables import CTables
from aecodec.images import Picture, Pixels
from aecodec.reduction import resized
from aecodec.shapes import shape_of
from aecodec.transforms import Int8, to_int8

_COMPILERS = ("cc", "gcc", "clang")
_SOURCES = ("main.c", "aec.c", "codec.c")
_OPTIONS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror")


@dataclass(frozen=True)
class DeviceFolder:
    """A folder that `aecodec export --format c` made.

    Args:
        path: of the folder.
    """

    path: Path

    @cached_property
    def _header(self) -> str:
        return self._text("codec.h")

    def _text(self, name: str) -> str:
        try:
            return (self.path / name).read_text("utf-8", errors="replace")
        except OSError as error:
            raise AecodecError(
                f"{self.path / name}: {error.strerror}: give a folder that "
                "aecodec export --format c made"
            ) from error

    def constant(self, name: str) -> int:
        """A constant of `codec.h`.

        Raises:
            AecodecError: there is none.
        """
        found = re.search(rf"^#define {name} (\w+)$", self._header, re.MULTILINE)
        if not found:
            raise AecodecError(f"{self.path / 'codec.h'} has no {name}: export the folder again")
        return int(found[1], 0)

    @property
    def codec_id(self) -> bytes:
        """Whose tables these are."""
        return self.constant("CODEC_ID").to_bytes(4, "big")

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of its pictures."""
        return self.constant("CODEC_WIDTH"), self.constant("CODEC_HEIGHT")

    @cached_property
    def encoder(self) -> bytes:
        """The model in `encoder_model.c`.

        Raises:
            AecodecError: there is none.
        """
        if not (self.path / "encoder_model.c").exists():
            raise AecodecError(f"{self.path} has no encoder, and without one nothing is verified")
        numbers = re.findall(r"0x(\w\w),", self._text("encoder_model.c"))
        return bytes(int(number, 16) for number in numbers)

    def build(self, out: Path, options: Sequence[str] = ()) -> None:
        """Compile the example.

        Args:
            out: what the program will be called.
            options: of the compiler, beside those that make it strict.

        Raises:
            AecodecError: there is no compiler, or it refuses.
        """
        compiler = os.environ.get("CC") or next(filter(shutil.which, _COMPILERS), None)
        if not compiler:
            raise AecodecError("no C compiler here: install one, or name it in the variable CC")
        sources = [str(self.path / name) for name in _SOURCES]
        _run(
            [compiler, *_OPTIONS, *options, "-o", str(out), *sources],
            f"{compiler} refuses {self.path}",
        )


def check_device(
    device: DeviceFolder, codec: Codec, pictures: Iterable[Picture], options: Sequence[str] = ()
) -> int:
    """Whether a device folder gives Python's files and codes.

    The model runs in TensorFlow Lite Micro, `aec.c` makes a file of what it gives, and takes that
    file apart again.

    Args:
        device: the folder.
        codec: that it was made of.
        pictures: to try, of one frame; they are scaled to the size that the folder is for.
        options: of the compiler.

    Returns:
        How many pictures were tried.

    Raises:
        AecodecError: a file or codes differ, or the folder does not build.
        CodecError: the folder was made of another codec.
        ImageError: there are no pictures.
    """
    if codec.spec.codec_id != device.codec_id:
        raise CodecError(f"{device.path} was made of another codec than {codec.spec.name}")
    level = device.constant("CODEC_LEVEL") / LEVEL_UNITS
    tables = CTables(codec.folder, level, device.constant("CODEC_PRIORS"))
    network, tried = _in_micro(device.encoder), 0
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "main")
        device.build(program, options)
        for picture in pictures:
            _compare(program, tables, _encoded(codec, network, prepared(codec, device, picture)))
            tried += 1
    if not tried:
        raise ImageError("no pictures to verify with")
    return tried


def prepared(codec: Codec, device: DeviceFolder, picture: Picture) -> Pixels:
    """(1, H, W, C): of the folder's size and the codec's channels; of a colour picture its red."""
    pixels = resized(picture.pixels[:1], device.size)
    return tiling.to_planes(pixels, codec.spec.channels)[:1]


def _in_micro(model: bytes) -> Callable[[Int8], Int8]:
    """A model in TensorFlow Lite Micro."""
    try:
        from tflite_micro import runtime
    except ImportError as error:
        raise AecodecError("the network runs in tflite-micro: pip install tflite-micro") from error
    interpreter = runtime.Interpreter.from_bytes(model)
    shape = interpreter.get_input_details(0)["shape"]

    def run(pixels: Int8) -> Int8:
        interpreter.set_input(pixels.reshape(shape), 0)
        interpreter.invoke()
        return np.asarray(interpreter.get_output(0), np.int8)

    return run


def _encoded(codec: Codec, network: Callable[[Int8], Int8], pixels: Pixels) -> Encoding:
    header = codec.encoder.header(Picture(pixels))
    integers = network(to_int8(pixels)).reshape(*shape_of(codec.spec, header), -1)
    return Encoding(codec.folder, header, integers)


def _compare(program: Path, tables: CTables, encoding: Encoding) -> None:
    """Files and codes of one picture."""
    given, made, back = (program.with_name(name) for name in ("in.bin", "made.aec", "back.bin"))
    given.write_bytes(encoding.integers.tobytes())
    _run([str(program), "encode", str(given), str(made)], "aec.c makes no file")
    if made.read_bytes() != c_file(tables, encoding):
        raise AecodecError("aec.c makes another file than Python: export the folder again")
    _run([str(program), "decode", str(made), str(back)], "aec.c does not read its own file")
    if back.read_bytes() != c_integers(tables, encoding).tobytes():
        raise AecodecError("aec.c reads other codes than Python: export the folder again")


def _run(command: list[str], failure: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise AecodecError(f"{failure}: {done.stderr.strip()}")
