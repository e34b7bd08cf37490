"""What `compress` and `decompress` read and write, and that they overwrite nothing."""

from __future__ import annotations

import io
import os
import shutil
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command, piped
from helpers.images import opened

import aecodec
from aecodec.data.samples import sample_paths


def test_sizes_and_quality_are_reported_as_text_and_as_json(folder: Path, command: Command) -> None:
    result = command("compress", "digit.png")
    size = (folder / "digit.aec").stat().st_size
    for words in (f"{size} bytes", "smaller than the source", "raw pixels", "bpp", "dB"):
        assert words in result.out
    assert result.err == ""
    values = command("compress", "digit.png", "--force", "--json").json[0]
    assert values["bytes"] == size
    assert values["raw_bytes"] == 784
    assert values["familiar"] is True


def test_a_stack_and_back(folder: Path, command: Command) -> None:
    for label in range(10):
        shutil.copy(sample_paths()[label], f"{label}.png")
    names = [f"{label}.png" for label in range(10)]
    assert command("stack", *names, "-o", "all.aec").status == 0
    assert command("info", "all.aec", "--json").json[0]["frames"] == 10
    assert command("decompress", "all.aec").status == 0
    restored = sorted(Path("all_decompressed").iterdir())
    assert len(restored) == 10
    single = aecodec.decompress(aecodec.compress("7.png"))
    assert np.array_equal(np.asarray(opened(restored[7])), np.asarray(single))
    assert command("decompress", "all.aec", "-o", "-").status == 2


def test_a_folder_gets_the_name_of_an_aec_file_only_with_a_slash(
    folder: Path, command: Command
) -> None:
    Path("scans").mkdir()
    for name in ("scans/a.png", "scans/b.png"):
        shutil.copy("digit.png", name)
    for inputs in (["scans"], ["scans/a.png", "scans/b.png"]):
        result = command("compress", *inputs, "-o", "all.aec")
        assert result.status == 2
        assert "use aecodec stack to put all" in result.err
        assert not Path("all.aec").exists()
    assert command("compress", "scans", "-o", "all.aec/").status == 0
    assert command("compress", "scans", "-o", "all.aec", "--skip-existing").status == 0


def test_folders_are_mirrored(folder: Path, command: Command) -> None:
    def names(top: str, ending: str) -> list[str]:
        return sorted(str(path.relative_to(top)) for path in Path(top).rglob(f"*.{ending}"))

    Path("scans/inner").mkdir(parents=True)
    for name in ("scans/a.png", "scans/inner/b.PNG"):
        shutil.copy("digit.png", name)
    Path("scans/notes.txt").write_text("no image")
    assert command("compress", "scans").status == 0
    assert names("scans_aec", "*") == ["a.aec", "inner/b.aec"]
    assert command("decompress", "scans_aec", "-o", "back").status == 0
    assert names("back", "*") == ["a.png", "inner/b.png"]
    assert command("decompress", "scans_aec", "-o", "scans_aec").status == 0
    assert names("scans_aec", "png") == ["a_decompressed.png", "inner/b_decompressed.png"]
    Path("empty").mkdir()
    assert command("compress", "empty").status == 1


@pytest.mark.parametrize("options", [[], ["--metadata"]])
def test_names_that_differ_in_case_are_restored(
    folder: Path, command: Command, options: list[str]
) -> None:
    Path("scans").mkdir()
    for name in ("A.png", "a.PNG", "a.bmp"):
        opened("digit.png").save(f"scans/{name}")
    assert command("compress", "scans", *options).status == 0
    assert sorted(os.listdir("scans_aec")) == ["A.png.aec", "a.PNG.aec", "a.bmp.aec"]
    assert command("decompress", "scans_aec", "-o", "back").status == 0
    names = ["A.png", "a.PNG", "a.bmp" if options else "a.bmp.png"]
    assert sorted(os.listdir("back")) == names


def test_the_longest_names_are_restored(folder: Path, command: Command) -> None:
    name = "é" * 125
    shutil.copy("digit.png", f"{name}.png")
    assert command("compress", f"{name}.png", "-o", "out/").status == 0
    assert command("decompress", f"out/{name}.aec").status == 0
    assert Path(f"out/{name}.png").exists()
    assert command("decompress", f"out/{name}.aec", "-o", "back/").status == 0
    assert Path(f"back/{name}.png").exists()


def test_commands_work_in_pipes(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = (folder / "digit.png").read_bytes()
    compressed = piped("compress", "-", data=original)
    assert compressed.returncode == 0
    assert b"bytes" in compressed.stderr
    restored = piped("decompress", "-", data=compressed.stdout)
    assert opened(io.BytesIO(restored.stdout)).size == (28, 28)
    for data, status in ((compressed.stdout, 0), (b"garbage", 4)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert command("info", "-").status == status


def test_links_pipes_and_permissions_survive(folder: Path, command: Command) -> None:
    (folder / "real.aec").write_bytes(b"old")
    (folder / "real.aec").chmod(0o600)
    (folder / "link.aec").symlink_to("real.aec")
    assert command("compress", "digit.png", "-o", "link.aec", "--force").status == 0
    assert (folder / "link.aec").is_symlink()
    assert (folder / "real.aec").read_bytes()[:2] == b"\xaeC"
    assert (folder / "real.aec").stat().st_mode & 0o777 == 0o600
    assert command("compress", "digit.png", "-o", "/dev/null", "--force").status == 0
    assert Path("/dev/null").is_char_device()
    os.mkfifo("pipe.png")
    writer = threading.Thread(
        target=Path("pipe.png").write_bytes, args=[Path("digit.png").read_bytes()]
    )
    writer.start()
    assert command("compress", "pipe.png", "-o", "digit.aec").status == 0
    writer.join()
