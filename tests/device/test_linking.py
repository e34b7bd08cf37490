"""Several levels and codecs link into one program, also with other libraries."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from helpers.c.library import WARNINGS
from helpers.programs import needs

from aecodec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.export.device.folder import device_files
from aecodec.export.device.tables import CTables


@pytest.fixture(scope="module")
def folder(codec: Codec, photo: Codec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The object files of two levels of a codec, and of a level of another one."""
    needs("cc", "nm")
    folder = tmp_path_factory.mktemp("objects")
    grey, colour = np.zeros((1, 28, 28, 1), np.uint8), np.zeros((1, 48, 64, 3), np.uint8)
    for exported, level, sample in (codec, 1, grey), (codec, 2, grey), (photo, 2.5, colour):
        _, files = device_files(CTables(exported.folder, level), sample, list(Half))
        for name, content in files.items():
            (folder / name).write_bytes(content)
    for name in ("codec.h", "networks.h", "main.c"):  # of one level
        (folder / name).unlink()
    includes = (f'#include "{path.name}"\n' for path in sorted(folder.glob("aecodec*.h")))
    own = "int aec_encode(void);\nint aec_encode(void) { return 0; } /* as libaec has */\n"
    (folder / "program.c").write_text(
        "".join(name for name in includes if "vector" not in name)
        + own
        + "int main(void) { return aec_encode(); }\n"
    )
    subprocess.run(["cc", "-c", *WARNINGS, *folder.glob("*.c")], cwd=folder, check=True)
    return folder


def test_two_levels_and_another_codec_link_into_one_program(folder: Path) -> None:
    assert (folder / "aecodec_photo_level2_5.o").exists()
    subprocess.run(["cc", *folder.glob("*.o"), "-o", folder / "program"], check=True)
    subprocess.run([folder / "program"], check=True)


def test_all_names_that_other_programs_see_begin_with_aecodec(folder: Path) -> None:
    """The constants that only one level's file sees begin with the name of that level."""
    for path in folder.glob("aecodec*.o"):
        command = ["nm", "-P", "--defined-only", path]
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        symbols = dict(line.split()[:2] for line in listed.splitlines() if line[0] != ".")
        external = [name for name, kind in symbols.items() if kind.isupper()]
        assert all(name.startswith("aecodec_") for name in external)
        if "_level" in path.stem:
            assert all(name.startswith(path.stem) for name in symbols)
    for name in ("aecodec.h", "aecodec_network.h", "aecodec_digits_level1.h"):
        macros = re.findall(r"^#define (\w+)", (folder / name).read_text("utf-8"), re.MULTILINE)
        assert all(macro.startswith("AECODEC_") for macro in macros)
