"""Folders that `aecodec export --format c` makes build anywhere, and write the library's files."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from helpers.commands import Command
from helpers.documents import blocks_of
from helpers.programs import needs

import aecodec
from benchmarks.programs.device import CODE, sections_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "microcontroller"

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")


@pytest.mark.slow
def test_the_folder_builds_as_its_readme_says(exported: Path, tmp_path: Path) -> None:
    """With nothing around it but a compiler."""
    alone = shutil.copytree(exported, tmp_path / "alone")
    block = re.search(r"```sh\n(.*?)```", (alone / "README.md").read_text("utf-8"), re.DOTALL)
    assert block
    commands = block[1].splitlines()
    assert len(commands) == 2
    for command in commands:
        subprocess.run(command, shell=True, cwd=alone, check=True)


ON_A_DEVICE = "-std=c99 -Wall -Wextra -Wconversion -Werror -DAECODEC_SMALL -DAECODEC_PORTABLE"
FRAME = "#include <stdio.h>\nstatic uint8_t frame[CODEC_WIDTH * CODEC_HEIGHT];"
ENCODER = f"""{FRAME}
int main(void)
{{
    size_t size = fread(frame, 1, sizeof frame, stdin) == sizeof frame ? write_file(frame) : 0;
    return !size || fwrite(file, 1, size, stdout) != size;
}}
"""
DECODER = f"""{FRAME}
int main(void)
{{
    size_t size = fread(file, 1, sizeof file, stdin);
    return !read_file(size, frame) || fwrite(frame, 1, sizeof frame, stdout) != sizeof frame;
}}
"""


def code_of(folder: Path) -> str:
    """The C that the README of a folder shows."""
    (block,) = (block for block in blocks_of(folder / "README.md") if block.language == "c")
    return block.text


def program_of(folder: Path, program: Path, code: str) -> Path:
    """Compile C with a folder, for the working memory of a device."""
    sources = [*folder.glob("aecodec*.c"), "-xc", "-"]
    options = [*ON_A_DEVICE.split(), f"-I{folder}", "-o", program]
    subprocess.run(["cc", *options, *sources], input=code.encode(), check=True)
    return program


def test_the_code_of_the_readme_writes_pythons_file(exported: Path, tmp_path: Path) -> None:
    code, pixels = code_of(exported), (exported / "sample.pnm").read_bytes()[-28 * 28 :]
    program = program_of(exported, tmp_path / "own", code + ENCODER)
    done = subprocess.run([program], input=pixels, capture_output=True, check=True)
    assert done.stdout == (exported / "sample.aec").read_bytes()
    short = code.replace("work[(WORK + 3) / 4]", "work[(WORK - 1) / 4]")
    program = program_of(exported, tmp_path / "short", short + ENCODER)
    assert subprocess.run([program], input=pixels, check=False).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("encode", "missing.pgm", "made.aec"), "missing.pgm: cannot be opened"),
        (("encode", "sample.aec", "made.aec"), "sample.aec: not a PGM file (P5, 8 bits, without"),
        (("decode", "sample.aec", "back.pgm"), "encode PICTURE FILE\n"),
    ],
)
def test_the_program_says_what_is_wrong(
    exported: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    program = program_of(exported, tmp_path / "main", (exported / "main.c").read_text("utf-8"))
    done = subprocess.run(
        [program, *arguments], cwd=exported, capture_output=True, text=True, check=False
    )
    assert done.returncode
    assert message in done.stderr
    assert "decode" not in done.stderr


@pytest.mark.slow
def test_the_folder_builds_with_cmake(exported: Path, tmp_path: Path) -> None:
    needs("cmake", "make")
    subprocess.run(["cmake", "-S", exported, "-B", tmp_path], check=True, capture_output=True)
    subprocess.run(["cmake", "--build", tmp_path], check=True, capture_output=True)
    made = tmp_path / "made.aec"
    subprocess.run([tmp_path / "main", "encode", exported / "sample.pnm", made], check=True)
    assert made.read_bytes() == (exported / "sample.aec").read_bytes()


@pytest.mark.usefixtures("fast_compiler")
def test_a_folder_that_differs_from_the_library_is_not_verified(
    exported: Path, command: Command, tmp_path: Path
) -> None:
    assert "10 pictures" in command("verify", "--device", exported).out
    for name, old, new in (
        ("aecodec_digits_level1.c", ".first = -", ".first = 1 - "),
        ("aecodec_operators.c", "byte_of(bytes, 1),", "byte_of(bytes, 1) + 1,"),
    ):
        damaged = shutil.copytree(exported, tmp_path / name)
        text = (damaged / name).read_text("utf-8")
        (damaged / name).write_text(text.replace(old, new), "utf-8")
        done = command("verify", "--device", damaged)
        assert (done.status, done.out) == (1, "")
        assert "another file than the library" in done.err
    (damaged / "aecodec.c").write_text("no C", "utf-8")
    assert "cannot compile" in command("verify", "--device", damaged).err
    (damaged / "aecodec_digits_encoder_network.c").unlink()
    assert "has no network" in command("verify", "--device", damaged).err
    done = command("verify", "--device", tmp_path)
    assert done.status == 1
    assert "give a folder made by aecodec export" in done.err


@pytest.mark.slow
@pytest.mark.usefixtures("fast_compiler")
def test_both_halves_run_in_c(command: Command) -> None:
    assert command("export", "digits", "-o", "both", "--format", "c").status == 0
    assert "10 pictures" in command("verify", "--device", "both").out
    program = program_of(Path("both"), Path("reader").absolute(), code_of(Path("both")) + DECODER)
    sample = Path("both/sample.aec").read_bytes()
    done = subprocess.run([program], input=sample, capture_output=True, check=True)
    assert done.stdout == aecodec.decompress(sample).tobytes()
    (Path("both") / "aecodec_digits_encoder_network.c").rename("away.c")
    names = Path("both/networks.h")
    lines = names.read_text("utf-8").splitlines(keepends=True)
    names.write_text("".join(line for line in lines if "ENCODER" not in line), "utf-8")
    assert "10 pictures" in command("verify", "--device", "both").out  # the decoder alone


def test_the_firmware_writes_pythons_file_here(exported: Path, tmp_path: Path) -> None:
    needs("make")
    made = ["make", "-s", "-C", EXAMPLE, f"CODEC={exported}", f"BUILD={tmp_path}", "run-host"]
    subprocess.run(made, check=True)  # compares the files


@pytest.mark.parametrize(
    ("processor", "board"),
    [
        ("cortex-m4", "mps2-an386"),
        pytest.param("cortex-m7", "mps2-an500", marks=pytest.mark.slow),
    ],
)
def test_the_firmware_writes_pythons_file_on_a_board(
    exported: Path, tmp_path: Path, processor: str, board: str
) -> None:
    """In 16 KB of code, 1 KB of stack, and 15 KB of RAM."""
    needs("make", "arm-none-eabi-gcc", "qemu-system-arm")
    chosen = (f"CODEC={exported}", f"BUILD={tmp_path}", f"CPU={processor}", f"BOARD={board}")
    made = ["make", "-s", "-C", EXAMPLE, *chosen, "arm", "run"]
    subprocess.run(made, check=True, timeout=120, capture_output=True)  # compares the files
    assert int((tmp_path / "stack.txt").read_text()) < 1024
    assert 5e6 < int((tmp_path / "instructions.txt").read_text()) < 12e6
    sizes = sections_of((tmp_path / "firmware.map").read_text())
    assert 3000 < sizes["aecodec", "text"] <= 4096
    code = [size for (name, kind), size in sizes.items() if kind == "text" and name in CODE]
    assert 10_000 < sum(code) <= 16_384
    assert sizes["main", "bss"] <= 14_512
