"""Several levels and codecs link into one program, also with other libraries."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from helpers.c.library import SOURCES, WARNINGS
from helpers.programs import needs

from aecodec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.export.device.c_models import c_array_files
from aecodec.export.device.codec_source import PictureSizes, c_codec, identifier_of
from aecodec.export.device.reference import DevicePicture, c_file
from aecodec.export.device.tables import CTables
from aecodec.format.samples import SampleType
from aecodec.imaging.tiling import grid_of

# libaec, which radios and satellites link, owns these two names.
PROGRAM = """
#include <stdio.h>
#include <string.h>
{includes}
int aec_encode(void);
int aec_decode(void);
int aec_encode(void) {{ return 0; }}
int aec_decode(void) {{ return 0; }}

#define ROUND_TRIP(codec, MACRO) do {{ \\
    static int8_t latents[MACRO##_LATENTS_SIZE]; \\
    static int8_t codes[MACRO##_CODES_SIZE], back[MACRO##_CODES_SIZE]; \\
    static uint32_t work[(MACRO##_WORK_SIZE + 3) / 4]; \\
    static uint8_t file[MACRO##_FILE_BOUND]; \\
    aecodec_picture picture = {{MACRO##_WIDTH, MACRO##_HEIGHT, AECODEC_GREY}}; \\
    size_t size = 0, vectors = 0; \\
    picture.mode = MACRO##_CHANNELS == 1 ? AECODEC_GREY : AECODEC_RGB; \\
    if (fread(latents, 1, sizeof latents, stdin) != sizeof latents) return 1; \\
    aecodec_quantize(&codec, latents, MACRO##_VECTORS, codes); \\
    aecodec_encode(&codec, &picture, codes, work, sizeof work, file, sizeof file, &size); \\
    aecodec_decode(&codec, file, size, work, sizeof work, back, sizeof back, &vectors); \\
    if (vectors != MACRO##_VECTORS || memcmp(codes, back, sizeof codes) != 0) return 2; \\
    fwrite(file, 1, size, stdout); \\
}} while (0)

int main(void)
{{
    {round_trips}
    return aec_encode() + aec_decode();
}}
"""


@dataclass(frozen=True)
class Exported:
    """A level, the size of its pictures, and latents to code."""

    tables: CTables
    size: tuple[int, int]

    @property
    def files(self) -> dict[str, bytes]:
        files = c_codec(self.tables, PictureSizes.of(self.tables, self.size))
        return {name: content for name, content in files.items() if name != "codec.h"}

    @property
    def round_trip(self) -> str:
        name = identifier_of(self.tables)
        return f"ROUND_TRIP({name}, {name.upper()});"

    @property
    def encoded(self) -> DevicePicture:
        spec = self.tables.folder.spec
        shape = (*grid_of(self.size, spec.tile), spec.latent_channels)
        latents = np.random.default_rng(0).normal(0, 6, shape).round().astype(np.int8)
        return DevicePicture(self.size, latents, SampleType.UINT8)


def models_of(codec: Codec) -> dict[str, bytes]:
    """The networks of a codec, which its levels share."""
    files: dict[str, bytes] = {}
    for half in Half:
        model = codec.folder.read(half.tflite)
        files |= c_array_files(model, codec.spec, half)
    return files


@pytest.fixture(scope="module")
def levels(codec: Codec, photo: Codec) -> list[Exported]:
    """Two levels of one codec, and a level of another one."""
    return [
        Exported(CTables(codec.folder, 1), (28, 28)),
        Exported(CTables(codec.folder, 2), (28, 28)),
        Exported(CTables(photo.folder, 2.5, priors=4), (64, 48)),
    ]


@pytest.fixture(scope="module")
def files(levels: list[Exported], codec: Codec) -> dict[str, bytes]:
    """The C files of these levels, and of the networks of a codec."""
    tables = {name: content for level in levels for name, content in level.files.items()}
    return {**tables, **models_of(codec)}


@pytest.fixture(scope="module")
def objects(
    levels: list[Exported], files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """The object files of the library, of a program that includes all files, and of the files."""
    needs("cc", "nm")
    folder = tmp_path_factory.mktemp("objects")
    program = PROGRAM.format(
        includes="\n".join(f'#include "{name}"' for name in files if name.endswith(".h")),
        round_trips="\n    ".join(level.round_trip for level in levels),
    )
    for name, content in {**files, "program.c": program.encode()}.items():
        (folder / name).write_bytes(content)
    sources = [SOURCES / "aecodec.c", *folder.glob("*.c")]
    command = ["cc", "-c", *WARNINGS, f"-I{SOURCES}", f"-I{folder}", *sources]
    subprocess.run(command, cwd=folder, check=True)
    return [folder / f"{source.stem}.o" for source in sources]


def test_two_levels_and_another_codec_link_into_one_program(
    levels: list[Exported], objects: list[Path], tmp_path: Path
) -> None:
    assert "aecodec_photo_level2_5" in {path.stem for path in objects}
    subprocess.run(["cc", *objects, "-o", tmp_path / "program"], check=True)
    latents = b"".join(level.encoded.latents.tobytes() for level in levels)
    done = subprocess.run([tmp_path / "program"], input=latents, capture_output=True, check=True)
    assert done.stdout == b"".join(c_file(level.tables, level.encoded) for level in levels)


def test_all_names_that_other_programs_see_begin_with_aecodec(
    files: dict[str, bytes], objects: list[Path]
) -> None:
    """Functions, constants, macros and header guards of the library, of levels and of networks.

    The constants that only one level's file sees begin with the name of that level too.
    """
    for path in objects:
        if path.stem == "program":
            continue
        symbols = symbols_of(path)
        assert not [name for name in symbols if name.startswith("aec_")]
        external = [name for name, kind in symbols.items() if kind.isupper() and kind != "U"]
        assert external
        assert all(name.startswith("aecodec_") for name in external)
        if "_level" in path.stem:
            assert all(name.startswith(path.stem) for name in symbols)
    headers = [(SOURCES / "aecodec.h").read_bytes(), *files.values()]
    macros = re.findall(r"^#define (\w+)", b"\n".join(headers).decode(), re.MULTILINE)
    assert len(macros) > 40
    assert all(name.startswith("AECODEC_") for name in macros)


def symbols_of(path: Path) -> dict[str, str]:
    """Names in an object file, and the letters that nm has for their kinds."""
    listed = subprocess.run(["nm", "-P", path], check=True, capture_output=True, text=True).stdout
    symbols = (line.split()[:2] for line in listed.splitlines())
    return {name: kind for name, kind in symbols if not name.startswith(".")}
