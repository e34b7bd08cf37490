"""The command line, as people use it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import Command, Result
from PIL import Image

import aecodec
from aecodec.registry import BUILT_IN
from aecodec.samples import sample_paths


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with one digit in it."""
    shutil.copy(sample_paths()[3], tmp_path / "digit.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def piped(*arguments: str, data: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "aecodec", *arguments], input=data, capture_output=True, check=False
    )


def opened(source: str | Path | io.BytesIO) -> Image.Image:
    with Image.open(source) as image:
        image.load()
        return image


def test_the_two_commands_of_the_card(folder: Path, command: Command) -> None:
    original = (folder / "digit.png").read_bytes()
    assert command("compress", "digit.png", "-o", "digit.aec").status == 0
    assert command("decompress", "digit.aec").status == 0
    assert (folder / "digit.png").read_bytes() == original
    assert opened("digit_decompressed.png").size == (28, 28)


def test_compress_says_what_it_cost(folder: Path, command: Command) -> None:
    result = command("compress", "digit.png")
    size = (folder / "digit.aec").stat().st_size
    assert f"{size} bytes" in result.out
    for word in ("smaller than the source", "raw pixels", "bpp", "dB"):
        assert word in result.out
    assert result.err == ""


def test_the_recipes_that_ship(command: Command) -> None:
    result = command("train", "--list-recipes")
    names = [line.partition(": ")[0] for line in result.out.splitlines()]
    assert (result.status, names) == (0, ["digits", "photo", "picture"])


def test_json_and_quiet(folder: Path, command: Command) -> None:
    values = json.loads(command("compress", "digit.png", "--json").out)
    assert values["bytes"] == (folder / "digit.aec").stat().st_size
    assert values["raw_bytes"] == 784
    assert values["familiar"] is True
    assert json.loads(command("decompress", "digit.aec", "--json").out)["width"] == 28
    assert command("compress", "digit.png", "--force", "--quiet") == Result(0, "", "")


def test_bytes_and_quality_find_the_level(folder: Path, command: Command) -> None:
    def size(*options: str) -> int:
        result = command("compress", "digit.png", "--json", "--force", *options)
        assert result.status == 0, result.err
        return int(json.loads(result.out)["bytes"])

    first, second, third = (size("-q", level) for level in "123")
    assert size("--max-bytes", str(third)) == third
    assert size("--max-bytes", str(third - 1)) == second
    assert size("--min-psnr", "5") == first


def test_nothing_is_overwritten_without_force(folder: Path, command: Command) -> None:
    (folder / "digit.aec").write_bytes(b"mine")
    result = command("compress", "digit.png")
    assert result.status == 2
    assert result.err == "error: digit.png: digit.aec exists already; --force overwrites it\n"
    assert (folder / "digit.aec").read_bytes() == b"mine"
    assert command("compress", "digit.png", "--force").status == 0
    assert sorted(path.name for path in folder.iterdir()) == ["digit.aec", "digit.png"]


@pytest.mark.parametrize(
    ("name", "content", "arguments", "status"),
    [
        ("x.png", None, ["compress", "x.png"], 3),
        ("x.png", b"no image", ["compress", "x.png"], 3),
        ("x.aec", None, ["decompress", "x.aec"], 4),
        ("x.aec", b"", ["decompress", "x.aec"], 4),
        ("x.aec", b"\xaeC\x01 but then no more", ["verify", "x.aec"], 4),
        ("x.aec", b"no file of ours", ["info", "x.aec"], 4),
        ("x", None, ["compress", "digit.png", "--codec", "nothing"], 5),
        ("x", None, ["codecs", "nothing"], 5),
        ("x", None, ["compress", "digit.png", "-q", "9"], 2),
        ("x", None, ["compress", "digit.png", "-q", "best"], 2),
        ("x", None, ["compress", "digit.png", "-q", "1.5"], 2),
        ("x", None, ["compress", "digit.png", "-q", "1", "--max-bytes", "30"], 2),
        ("x", None, ["compress", "digit.png", "--max-bytes", "13"], 2),
        ("x", None, ["compress", "digit.png", "--min-psnr", "70"], 2),
        ("x", None, ["compress"], 2),
        ("x", None, ["compress", "digit.png", "--stack"], 2),
        ("x", None, ["decompress", "--nonsense"], 2),
        ("x", None, ["train", "digit.png", "-o", "x", "--recipe", "nothing"], 2),
    ],
)
def test_every_failure_has_its_status_and_one_line(
    folder: Path,
    command: Command,
    name: str,
    content: bytes | None,
    arguments: list[str],
    status: int,
) -> None:
    if content is not None:
        (folder / name).write_bytes(content)
    result = command(*arguments)
    assert result.status == status
    assert result.out == ""
    if status != 2:
        assert len(result.err.splitlines()) == 1
        assert result.err.startswith("error: ")


def test_a_file_of_another_codec_is_told_from_a_damaged_one(folder: Path, command: Command) -> None:
    from aecodec import container

    Path("other.aec").write_bytes(container.pack(container.Header(b"\0\1\2\3"), b"x"))
    assert command("decompress", "other.aec").status == 5
    assert command("decompress", "other.aec", "--codec", "digits").status == 5
    assert command("verify", "other.aec", "--codec", "digits").status == 5
    assert "00010203" in command("info", "other.aec").out
    assert "checksum and fields only" in command("verify", "other.aec").out


def test_several_inputs_go_on_past_a_bad_one(folder: Path, command: Command) -> None:
    Path("bad.png").write_bytes(b"no image")
    result = command("compress", "bad.png", "digit.png", "-o", "out")
    assert result.status == 1
    assert "bad.png" in result.err
    assert "1 of 2 failed" in result.err
    assert [path.name for path in Path("out").iterdir()] == ["digit.aec"]


def test_two_inputs_with_one_result_do_not_overwrite_each_other(
    folder: Path, command: Command
) -> None:
    opened("digit.png").save("digit.bmp")
    result = command("compress", "digit.png", "digit.bmp")
    assert result.status == 2
    assert "would both become digit.aec" in result.err
    assert not Path("digit.aec").exists()


def test_folders_are_mirrored(folder: Path, command: Command) -> None:
    Path("scans/inner").mkdir(parents=True)
    for name in ("scans/a.png", "scans/inner/b.PNG"):
        shutil.copy("digit.png", name)
    Path("scans/notes.txt").write_text("no image")
    assert command("compress", "scans").status == 0
    assert sorted(map(str, Path("scans_aec").rglob("*.aec"))) == [
        "scans_aec/a.aec",
        "scans_aec/inner/b.aec",
    ]
    assert command("verify", "scans_aec").status == 0
    assert command("decompress", "scans_aec", "-o", "back").status == 0
    assert sorted(map(str, Path("back").rglob("*.png"))) == [
        "back/a_decompressed.png",
        "back/inner/b_decompressed.png",
    ]
    Path("empty").mkdir()
    assert command("compress", "empty").status == 1


def test_a_stack_and_back(folder: Path, command: Command) -> None:
    for label in range(10):
        shutil.copy(sample_paths()[label], f"{label}.png")
    names = [f"{label}.png" for label in range(10)]
    assert command("compress", "--stack", *names, "-o", "all.aec").status == 0
    assert json.loads(command("info", "all.aec", "--json").out)["frames"] == 10
    assert command("decompress", "all.aec").status == 0
    restored = sorted(Path("all_decompressed").iterdir())
    assert len(restored) == 10
    single = aecodec.decompress(aecodec.compress(opened("7.png")))
    assert np.array_equal(np.asarray(opened(restored[7])), np.asarray(single))
    assert command("decompress", "all.aec", "-o", "-").status == 2


def test_pipes(folder: Path) -> None:
    original = (folder / "digit.png").read_bytes()
    compressed = piped("compress", "-", data=original)
    assert compressed.returncode == 0
    assert b"bytes" in compressed.stderr
    restored = piped("decompress", "-", data=compressed.stdout)
    assert opened(io.BytesIO(restored.stdout)).size == (28, 28)
    assert piped("info", "-", data=compressed.stdout).returncode == 0
    assert piped("decompress", "-", data=b"garbage").returncode == 4


def test_a_strange_picture_round_trips_with_a_warning(
    folder: Path, command: Command, photograph: np.ndarray
) -> None:
    Image.fromarray(photograph[:90, :100]).save("photograph.png")
    result = command("compress", "photograph.png", "--codec", "digits")
    assert result.status == 0
    assert len(result.err.splitlines()) == 1
    assert "unlike those that codec digits was trained on" in result.err
    assert command("decompress", "photograph.aec").status == 0
    assert opened("photograph_decompressed.png").size == (100, 90)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tif"])
def test_the_ending_chooses_the_format(folder: Path, command: Command, suffix: str) -> None:
    assert command("compress", "digit.png").status == 0
    assert command("decompress", "digit.aec", "-o", f"out{suffix}").status == 0
    assert opened(f"out{suffix}").size == (28, 28)
    assert command("decompress", "digit.aec", "-o", "out.nonsense").status == 2


def test_compare_and_demo_draw(folder: Path, command: Command) -> None:
    assert "dB" in command("compare", "digit.png").out
    assert opened("digit_compared.png").size[0] > 500
    result = command("demo", "tour")
    assert result.status == 0
    assert len(list(Path("tour").glob("*.aec"))) == 10
    assert opened("tour/comparison.png").size[1] > 500
    assert command("demo", "tour").status == 0
    Path("tour/digit0.aec").write_bytes(b"changed")
    assert command("demo", "tour").status == 2


def test_codecs_lists_what_ships(command: Command) -> None:
    listed = command("codecs").out
    assert listed == "".join(command("codecs", name).out for name in ("digits", "photo"))
    assert listed.count("(default)") == 2
    values = json.loads(command("codecs", "digits", "--json").out)
    assert len(values["levels"]) == 3
    assert command("codecs", BUILT_IN / "digits").out == command("codecs", "digits").out


def test_help_and_version(command: Command) -> None:
    assert "compress" in command("--help").out
    for name in ("compress", "decompress", "info", "verify", "compare", "codecs", "demo", "train"):
        assert "Usage: aecodec" in command(name, "--help").out
    assert command("--version").out == f"aecodec {aecodec.__version__}\n"
    assert command().status == 2


def test_an_original_is_never_overwritten(folder: Path, command: Command) -> None:
    original = (folder / "digit.png").read_bytes()
    for arguments in (
        ["digit.png", "-o", "digit.png"],
        ["--stack", "digit.png", "-o", "digit.png"],
    ):
        result = command("compress", *arguments, "--force")
        assert result.status == 2
        assert "is what is read" in result.err
    assert (folder / "digit.png").read_bytes() == original


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


def test_a_stack_blames_the_right_file(folder: Path, command: Command) -> None:
    Path("bad.png").write_bytes(b"no image")
    result = command("compress", "--stack", "digit.png", "bad.png", "-o", "all.aec")
    assert result.status == 3
    assert result.err == "error: bad.png: not an image that Pillow can open\n"


def test_the_working_folder_has_a_name(folder: Path, command: Command) -> None:
    assert command("compress", ".").status == 0
    assert (folder.parent / f"{folder.name}_aec" / "digit.aec").exists()
    assert command("compress", "--stack", ".").status == 0
    assert command("compress", "/").status == 2


def test_verify_looks_at_codes_and_alpha(folder: Path, command: Command) -> None:
    from aecodec import container

    codec = aecodec.load_codec("digits")
    payload = container.unpack(codec.compress(opened("digit.png")))[1]
    header = container.Header(codec.spec.codec_id, mode=container.Mode.LA, alpha=b"junk")
    Path("alpha.aec").write_bytes(container.pack(header, payload))
    impossible = np.full((1, codec.folder.prior(2).code_dimension), 30000, np.int16)
    payload = codec.folder.prior(2).encode(impossible)
    header = container.Header(codec.spec.codec_id)
    Path("codes.aec").write_bytes(container.pack(header, payload))
    for name in ("alpha.aec", "codes.aec"):
        assert command("verify", name).status == 4
        assert command("decompress", name).status == 4


def test_completion_works(folder: Path) -> None:
    environment = {
        **os.environ,
        "_AECODEC_COMPLETE": "complete_bash",
        "COMP_WORDS": "aecodec com",
        "COMP_CWORD": "1",
    }
    program = Path(sys.executable).with_name("aecodec")
    done = subprocess.run([program], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["compress", "compare"]


def test_litert_does_not_chatter(folder: Path) -> None:
    done = piped("compress", "digit.png", data=b"")
    assert done.returncode == 0
    assert done.stderr == b""


def test_what_cannot_be_written_is_said(folder: Path, command: Command) -> None:
    Path("file").write_text("in the way")
    result = command("compress", "digit.png", "-o", "file/digit.aec")
    assert result.status == 1
    assert "cannot be written" in result.err


def test_evaluate_measures_every_level(command: Command, folder: Path) -> None:
    digits = np.stack([np.asarray(Image.open(path)) for path in sample_paths()])
    np.savez("digits.npz", x_test=digits, labels=np.arange(10))
    np.save("digits.npy", digits)
    shutil.copytree(sample_paths()[0].parent, "digits", ignore=shutil.ignore_patterns("*.py*"))
    Path("digits/broken.png").write_bytes(b"not an image")
    rows = {}
    for data in ("digits.npz", "digits.npy", "digits"):
        done = command("evaluate", "digits", data, "--json")
        assert ("broken.png" in done.err) == (data == "digits")
        rows[data] = [json.loads(line) for line in done.out.splitlines()]
    codec = aecodec.load_codec("digits")
    for number, same in enumerate(zip(*rows.values(), strict=True), start=1):
        files = [codec.compress(digit, number) for digit in digits]
        restored = np.stack([np.asarray(codec.decompress(file)) for file in files])
        for row in same:
            assert row["level"] == number
            assert row["bytes"] == sum(map(len, files)) / 10
            assert row["ratio"] == pytest.approx(7840 / sum(map(len, files)), abs=1e-4)
            assert row["mse"] == pytest.approx(np.mean((restored * 1.0 - digits) ** 2), abs=1e-3)


def test_evaluate_takes_what_is_asked_for(command: Command, folder: Path) -> None:
    shutil.copytree(sample_paths()[0].parent, "digits", ignore=shutil.ignore_patterns("*.py*"))
    table = command("evaluate", "digits", "digits", "-q", 2, "--limit", 3, "--plot", "p.png")
    assert len(table.out.splitlines()) == 2
    assert Path("p.png").read_bytes().startswith(b"\x89PNG")
    assert command("evaluate", "digits", "digits", "--plot", "p.png").status == 2
    np.save("floats.npy", np.zeros((2, 28, 28)))
    np.savez("labels.npz", y_test=np.arange(3))
    for data in ("nothing", "floats.npy", "labels.npz", "digit.npz"):
        assert command("evaluate", "digits", data).status == 3
