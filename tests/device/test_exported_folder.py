"""An exported folder builds and makes Python's files, here and on emulated boards."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from helpers.commands import Command, call
from helpers.programs import needs, shared_folder

import aecodec
from benchmarks.programs.device import CODE, sections_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "microcontroller"
ON_A_DEVICE = "-std=c99 -Wall -Wextra -Wconversion -Werror -DAECODEC_PORTABLE"

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")


@pytest.fixture(scope="session")
def exported() -> Path:
    """A folder that `aecodec export` makes for a device: the encoder of `digits`, level 1."""

    def export(folder: Path) -> None:
        options = ["--format", "c", "--half", "encoder", "--level", "1", "--quiet"]
        call("export", "digits", "-o", str(folder / "digits"), *options)

    return shared_folder("exported", export) / "digits"


def test_the_program_makes_pythons_file_and_says_what_is_wrong(
    exported: Path, tmp_path: Path
) -> None:
    program, file = tmp_path / "main", tmp_path / "made.aec"
    sources = [exported / "main.c", *exported.glob("aecodec*.c")]
    subprocess.run(["cc", *ON_A_DEVICE.split(), "-o", program, *sources], check=True)
    for arguments, message in [
        (("encode", "sample.raw"), None),
        (("encode", "missing.raw"), "No such file"),
        (("encode", "sample.aec"), "sample.aec: this is not a raw picture of the codec's size"),
        (("encode", "README.md"), "README.md: this is not a raw picture"),
        (("decode", "sample.aec"), "sample.aec: the decoder is not in this program"),
    ]:
        command = [program, *arguments, file]
        done = subprocess.run(command, cwd=exported, capture_output=True, text=True, check=False)
        if message:
            assert done.returncode == 1
            assert message in done.stderr
        else:
            assert file.read_bytes() == (exported / "sample.aec").read_bytes()
    command = ["nm", "-g", "--defined-only", program]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1] for line in listed.splitlines() if "@" not in line}
    names -= {"main", "data_start"}
    assert all(name.startswith(("_", "aecodec_")) for name in names)


@pytest.mark.usefixtures("fast_compiler")
def test_a_folder_that_differs_from_the_library_is_not_verified(
    exported: Path, command: Command, tmp_path: Path
) -> None:
    assert "10 pictures" in command("verify", "--device", exported).out
    damaged = shutil.copytree(exported, tmp_path / "damaged")
    for name, old, new, error in (
        ("aecodec_device_codec.c", ".first = -", ".first = 1 - ", "different file than the"),
        ("aecodec.c", "int", "no C", "cannot compile"),
    ):
        text = (damaged / name).read_text("utf-8")
        (damaged / name).write_text(text.replace(old, new), "utf-8")
        done = command("verify", "--device", damaged)
        assert (done.status, done.out) == (1, "")
        assert error in done.err
    (damaged / "aecodec_device_encoder.c").unlink()
    assert "contains no network" in command("verify", "--device", damaged).err
    done = command("verify", "--device", tmp_path)
    assert done.status == 1
    assert "use a folder written by aecodec export" in done.err


@pytest.mark.slow
@pytest.mark.usefixtures("fast_compiler")
def test_both_halves_run_in_c_as_the_readme_says(command: Command) -> None:
    assert command("export", "digits", "-o", "both", "--format", "c").status == 0
    block = re.search(r"```sh\n(.*?)```", Path("both/README.md").read_text("utf-8"), re.DOTALL)
    assert block
    subprocess.run(["sh", "-e", "-c", block[1]], cwd="both", check=True)
    assert "10 pictures" in command("verify", "--device", "both").out
    (Path("both") / "aecodec_device_encoder.c").rename("away.c")
    names = Path("both/codec.h")
    lines = names.read_text("utf-8").splitlines(keepends=True)
    names.write_text("".join(line for line in lines if "ENCODER" not in line), "utf-8")
    assert "10 pictures" in command("verify", "--device", "both").out  # the decoder alone
    command_line = f"cc {ON_A_DEVICE} -o main main.c aecodec*.c && ./main decode sample.aec back"
    subprocess.run(command_line, shell=True, cwd="both", check=True)
    pixels = aecodec.decompress(Path("both/sample.aec").read_bytes()).tobytes()
    assert Path("both/back").read_bytes() == pixels


@pytest.mark.parametrize(
    ("processor", "board"),
    [("cortex-m4", "mps2-an386"), pytest.param("cortex-m7", "mps2-an500", marks=pytest.mark.slow)],
)
def test_the_folder_makes_pythons_file_on_a_board(
    exported: Path, tmp_path: Path, processor: str, board: str
) -> None:
    """In 16 KB of code, 1 KB of stack, and 15 KB of RAM."""
    needs("make", "arm-none-eabi-gcc", "qemu-system-arm")
    chosen = (f"CODEC={exported}", f"BUILD={tmp_path}", f"CPU={processor}", f"BOARD={board}")
    command = ["make", "-s", "-C", EXAMPLE, *chosen, "arm", "run"]
    subprocess.run(command, check=True, timeout=120, capture_output=True)  # compares the files
    assert int((tmp_path / "stack.txt").read_text()) <= 1024
    assert 5e6 < int((tmp_path / "instructions.txt").read_text()) < 12e6
    sizes = sections_of((tmp_path / "firmware.map").read_text())
    code = [size for (name, kind), size in sizes.items() if kind == "text" and name in CODE]
    assert 10_000 < sum(code) <= 16_384
    assert sizes["main", "bss"] <= 14_512
