"""A folder that `aecodec export --format c` made builds anywhere, and writes Python's files."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from helpers.commands import Command
from helpers.programs import needs

EXAMPLE = Path(__file__).parents[2] / "examples" / "microcontroller"

# A line of the linker's map: section, address, size, object.
PLACED = re.compile(r"^ \.(text|rodata)[.\w]*\s+\S+\s+(0x[0-9a-f]+) \S+/aecodec\.o$", re.MULTILINE)

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")


def test_the_folder_builds_as_its_readme_says(exported: Path, tmp_path: Path) -> None:
    """With nothing around it but a compiler."""
    alone = shutil.copytree(exported, tmp_path / "alone")
    block = re.search(r"```sh\n(.*?)```", (alone / "README.md").read_text("utf-8"), re.DOTALL)
    assert block
    commands = block[1].splitlines()
    assert len(commands) == 2
    for command in commands:
        subprocess.run(command, shell=True, cwd=alone, check=True)


@pytest.mark.slow
def test_the_folder_builds_with_cmake(exported: Path, tmp_path: Path) -> None:
    needs("cmake", "make")
    subprocess.run(["cmake", "-S", exported, "-B", tmp_path], check=True, capture_output=True)
    subprocess.run(["cmake", "--build", tmp_path], check=True, capture_output=True)
    made = tmp_path / "made.aec"
    subprocess.run([tmp_path / "main", "encode", exported / "sample.bin", made], check=True)
    assert made.read_bytes() == (exported / "sample.aec").read_bytes()


def test_a_folder_that_differs_from_python_is_not_verified(
    exported: Path, command: Command, tmp_path: Path
) -> None:
    assert "10 pictures" in command("verify", "--device", exported).out
    damaged = shutil.copytree(exported, tmp_path / "damaged")
    source = damaged / "aecodec_digits_level1.c"
    source.write_text(source.read_text("utf-8").replace(".first = -", ".first = 1 - "), "utf-8")
    done = command("verify", "--device", damaged)
    assert (done.status, done.out) == (1, "")
    assert "another file than Python" in done.err
    (damaged / "aecodec.c").write_text("no C", "utf-8")
    assert "cannot compile" in command("verify", "--device", damaged).err
    (damaged / "aecodec_digits_encoder_model.c").unlink()
    assert "has no encoder" in command("verify", "--device", damaged).err
    done = command("verify", "--device", tmp_path)
    assert done.status == 1
    assert "give a folder that aecodec export" in done.err


def test_the_firmware_writes_pythons_file_here(exported: Path, tmp_path: Path) -> None:
    needs("make")
    made = ["make", "-s", "-C", EXAMPLE, f"CODEC={exported}", f"BUILD={tmp_path}", "host"]
    subprocess.run(made, check=True)
    written = subprocess.run([tmp_path / "host"], check=True, capture_output=True).stdout
    assert written == (exported / "sample.aec").read_bytes()


def test_the_firmware_writes_pythons_file_on_a_cortex_m4(exported: Path, tmp_path: Path) -> None:
    """In at most 4,096 bytes of code and 1,024 bytes of stack."""
    needs("make", "arm-none-eabi-gcc", "qemu-system-arm")
    made = ["make", "-s", "-C", EXAMPLE, f"CODEC={exported}", f"BUILD={tmp_path}", "arm", "run"]
    subprocess.run(made, check=True, timeout=60, capture_output=True)  # compares the files
    assert int((tmp_path / "stack.txt").read_text()) < 1024
    _, _, placed = (tmp_path / "firmware.map").read_text().partition("Linker script and memory map")
    assert 3000 < sum(int(size, 16) for _, size in PLACED.findall(placed)) <= 4096
