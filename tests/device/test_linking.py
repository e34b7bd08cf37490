"""Several levels and codecs link into one program, also with other libraries."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from helpers.c.library import CODER, SOURCES, WARNINGS
from helpers.programs import needs

from aecodec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.export.device.codec_source import PictureSizes, c_codec
from aecodec.export.device.network_source import CNetwork
from aecodec.export.device.tables import CTables

# libaec, which radios and satellites link, owns these two names.
PROGRAM = """
{includes}
int aec_encode(void);
int aec_decode(void);
int aec_encode(void) {{ return 0; }}
int aec_decode(void) {{ return 0; }}
int main(void) {{ return aec_encode() + aec_decode(); }}
"""


def files_of(codec: Codec, level: float, size: tuple[int, int]) -> dict[str, bytes]:
    """The C files of a level."""
    tables = CTables(codec.folder, level)
    return c_codec(tables, PictureSizes.of(tables, size))


def models_of(codec: Codec) -> dict[str, bytes]:
    """The networks of a codec, which its levels share."""
    networks = (CNetwork.of(codec.folder, half, (28, 28)) for half in Half)
    return {name: content for network in networks for name, content in network.files().items()}


@pytest.fixture(scope="module")
def files(codec: Codec, photo: Codec) -> dict[str, bytes]:
    """The C files of two levels of one codec, a level of another one, and a codec's networks."""
    levels = (codec, 1, (28, 28)), (codec, 2, (28, 28)), (photo, 2.5, (64, 48))
    files = {name: content for level in levels for name, content in files_of(*level).items()}
    del files["codec.h"]  # which has short names of one level
    return files | models_of(codec)


@pytest.fixture(scope="module")
def objects(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The object files of the library, of a program that includes all files, and of the files."""
    needs("cc", "nm")
    folder = tmp_path_factory.mktemp("objects")
    headers = (f'#include "{name}"' for name in files if name.endswith(".h"))
    program = PROGRAM.format(includes="\n".join(headers))
    for name, content in {**files, "program.c": program.encode()}.items():
        (folder / name).write_bytes(content)
    sources = [*(SOURCES / f"{name}.c" for name in CODER), *folder.glob("*.c")]
    command = ["cc", "-c", *WARNINGS, f"-I{SOURCES}", f"-I{folder}", *sources]
    subprocess.run(command, cwd=folder, check=True)
    return [folder / f"{source.stem}.o" for source in sources]


def test_two_levels_and_another_codec_link_into_one_program(
    objects: list[Path], tmp_path: Path
) -> None:
    assert "aecodec_photo_level2_5" in {path.stem for path in objects}
    subprocess.run(["cc", *objects, "-o", tmp_path / "program"], check=True)
    subprocess.run([tmp_path / "program"], check=True)


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
