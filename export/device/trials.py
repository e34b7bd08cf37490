"""Trial runs of a device's program, whose results are compared with Python's."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aecodec.arrays import Latents, Pixels
from aecodec.codec.codec import Codec
from aecodec.codec.encoded_picture import EncodedPicture
from aecodec.codec_files.file_names import Half
from aecodec.engine.c_tables import CTables
from aecodec.engine.transform import Transform
from aecodec.errors import AecodecError
from aecodec.export.device.pnm import picture_file
from aecodec.export.device.reference import (
    c_file,
    c_latents,
    decoded_pixels,
    encoded_with,
    network_of,
)

EXPORT_AGAIN = "export the folder again"
_UNREAD = "aecodec.c does not read its own file"


@dataclass(frozen=True)
class NetworkTrial:
    """A program with the tables of a codec and one or both of its halves."""

    codec: Codec
    tables: CTables
    halves: list[Half]

    def run(self, program: Path, pixels: Pixels) -> None:
        """Run the program on a uint8 picture (1, H, W, C), with size and channels of the networks.

        It writes files to the folder of the program. Raises AecodecError if the program fails, or
        its results differ from Python's.
        """
        encoded = encoded_with(self.codec, self._networks[Half.ENCODER], pixels)
        picture, file, decoded = (
            program.with_name(name) for name in ("in.pnm", "made.aec", "back.pnm")
        )
        expected = c_file(self.tables, encoded)
        if Half.ENCODER in self.halves:
            picture.write_bytes(self._as_file(pixels[0]))
            run_program([str(program), "encode", str(picture), str(file)], "C makes no file")
            _check(file, expected, "makes another file")
        if Half.DECODER in self.halves:
            file.write_bytes(expected)
            run_program([str(program), "decode", str(file), str(decoded)], _UNREAD)
            _check(decoded, self._as_file(self._decoded(encoded)), "reads other pixels")

    def _as_file(self, pixels: Pixels) -> bytes:
        return picture_file(pixels, has_bands=self.codec.spec.bands is not None)

    @cached_property
    def _networks(self) -> dict[Half, Transform]:
        return {half: network_of(self.codec, half) for half in {Half.ENCODER, *self.halves}}

    def _decoded(self, encoded: EncodedPicture) -> Pixels:
        latents: Latents = c_latents(self.tables, encoded)
        return decoded_pixels(self.codec, self._networks[Half.DECODER], encoded, latents)


def _check(file: Path, expected: bytes, difference: str) -> None:
    if file.read_bytes() != expected:
        raise AecodecError(f"C {difference} than Python: {EXPORT_AGAIN}")


def run_program(command: list[str], failure: str) -> None:
    """Run a program; raise AecodecError with a message that begins with `failure` if it fails."""
    process = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if process.returncode:
        raise AecodecError(f"{failure}: {process.stderr.strip()}")
