"""The other commands: codecs, compare, demo, evaluate, payload, preview, train and help."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command
from helpers.documents import ROOT
from helpers.images import opened
from PIL import Image

import aecodec
from aecodec import metrics, preview
from aecodec.base.arrays import Pixels
from aecodec.codec.registry import BUILT_IN, built_in_names
from aecodec.data.samples import sample_paths
from aecodec.format.texts import from_text


def test_compare_and_demo_draw_figures(folder: Path, command: Command) -> None:
    assert "dB" in command("compare", "digit.png").out
    assert opened("digit_compared.png").size[0] > 500
    result = command("demo", "tour")
    assert result.status == 0
    assert len(list(Path("tour").glob("*.aec"))) == 11
    assert opened("tour/comparison.png").size[1] > 500
    assert command("demo", "tour").status == 2


def test_codecs_lists_what_ships(command: Command) -> None:
    listed = command("codecs").out
    assert listed == "".join(command("codecs", name).out for name in built_in_names())
    assert listed.count("(default)") == 2
    assert command("codecs", BUILT_IN / "digits").out == command("codecs", "digits").out


def test_the_keys_of_json_are_documented(folder: Path, command: Command) -> None:
    guide = (ROOT / "docs" / "command_line.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+)", guide, re.MULTILINE)
    documented = {name: re.findall(r"\w+", keys) for name, keys in rows}
    calls = {
        "compress": ("digit.png", "--max-error", 2),
        "info": ("digit.aec",),
        "verify": ("digit.aec",),
        "evaluate": ("digits", "digit.png", "-q", 1),
    }
    assert set(documented) == set(calls)
    for name, arguments in calls.items():
        assert list(command(name, *arguments, "--json").json[0]) == documented[name]


def test_help_and_version(command: Command) -> None:
    assert "Exit status: 0 success" in command("--help").out
    for name in ("compress", "stack", "payload", "import", "demo"):
        assert f"Usage: aecodec {name}" in command(name, "--help").out
    assert command("--version").out == f"aecodec {aecodec.__version__}\n"
    assert command().status == 2


def test_evaluate_measures_every_level(command: Command, folder: Path) -> None:
    digits = np.stack([np.asarray(Image.open(path)) for path in sample_paths()])
    np.savez("digits.npz", x_test=digits, labels=np.arange(10))
    shutil.copytree(sample_paths()[0].parent, "digits", ignore=shutil.ignore_patterns("*.py*"))
    of_array, of_folder = (
        command("evaluate", "digits", data, "--json").json for data in ("digits.npz", "digits")
    )
    codec = aecodec.load_codec("digits")
    for number, rows in enumerate(zip(of_array, of_folder, strict=True), start=1):
        files = [codec.compress(digit, level=number) for digit in digits]
        restored = np.stack([np.asarray(codec.decompress(file)) for file in files])
        for row in rows:
            assert row["level"] == number
            assert row["bytes"] == sum(map(len, files)) / 10
            assert row["ratio"] == pytest.approx(7840 / sum(map(len, files)), abs=1e-4)
            assert row["mse"] == pytest.approx(np.mean((restored * 1.0 - digits) ** 2), abs=1e-3)


def test_evaluate_compares_codecs_and_formats(
    command: Command, folder: Path, photograph: Pixels
) -> None:
    Path("scans").mkdir()
    Image.fromarray(photograph[:64, :80]).save("scans/a.png")
    Image.fromarray(photograph[:48, 90:154]).convert("L").save("scans/b.png")
    against = ("--against", "webp,jpeg")
    done = command("evaluate", "photo", "digits", "scans", "-q", 1, *against)
    assert done.status == 0
    head, *lines = done.out.splitlines()
    assert head.split()[:2] == ["codec", "level"]
    assert [line.split()[0] for line in lines] == ["photo", "digits", *["WebP"] * 8, *["JPEG"] * 8]


def test_evaluate_measures_ssimulacra2_where_it_is_asked_to(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["evaluate", "digits", "digit.png", "-q", 2]
    assert command(*arguments, "--json").json[0]["ssimulacra2"] is None
    digit, codec = np.asarray(opened("digit.png"))[..., None], aecodec.load_codec("digits")
    restored = np.asarray(codec.decompress(codec.compress("digit.png", level=2)))[..., None]
    score = metrics.ssimulacra2(digit, restored)
    names, cells = command(*arguments, "--ssimulacra2").out.splitlines()
    assert cells.split().index(f"{score:.2f}") == names.split().index("SSIMULACRA2") + 1  # " dB"
    monkeypatch.setitem(sys.modules, "ssimulacra2", None)
    refused = command(*arguments, "--ssimulacra2")
    assert (refused.status, "pip install 'aecodec[perceptual]'" in refused.err) == (1, True)


def test_evaluate_counts_what_it_cannot_read(command: Command, folder: Path) -> None:
    Path("scans").mkdir()
    shutil.copy("digit.png", "scans")
    Path("scans/cut.png").write_bytes(Path("digit.png").read_bytes()[:100])
    os.mkfifo("scans/pipe.png")
    result = command("evaluate", "digits", "scans", "-q", 1, "-q", 2, "--json")
    assert [line.get("status", 0) for line in result.json] == [0, 0, 3, 3]
    *warnings, count = result.err.splitlines()
    assert (result.status, len(warnings), count) == (1, 2, "2 of 3 files could not be read")
    assert "scans/pipe.png: skipped because it cannot be read (not a regular file)" in result.err


@pytest.mark.parametrize(
    ("options", "name", "saved"),
    [
        ((), "digit.bin", 11),
        (("--checksum",), "digit.bin", 10),
        (("--text", "--checksum"), "digit.txt", None),
    ],
)
def test_payloads_become_files(
    options: tuple[str, ...], name: str, saved: int | None, folder: Path, command: Command
) -> None:
    assert command("compress", "digit.png").status == 0
    file = Path("digit.aec").read_bytes()
    assert command("payload", "digit.aec", *options).status == 0
    payload = Path(name).read_bytes()
    assert payload.isascii() if saved is None else len(file) - len(payload) == saved
    result = command("payload", name, "--codec", "digits", *options, "-o", "back.aec")
    assert result.out == f"{name} -> back.aec: {len(file)} bytes from {len(payload)}\n"
    assert Path("back.aec").read_bytes() == file


def test_previews_are_lines_or_tags(folder: Path, command: Command) -> None:
    Image.new("RGB", (60, 30), "teal").save("teal.png")
    payload = preview.encode("teal.png", 30)
    text = command("preview", "teal.png", "--max-bytes", 30).out.strip()
    assert from_text(text) == payload
    lines = command("preview", "teal.png", "teal.png", "--max-bytes", 30, "--jobs", 1).out
    assert lines == f"teal.png: {text}\n" * 2
    tag = f'<img src="teal.png" alt="" width="60" height="30" data-preview="{text}"'
    style = f'style="background: {preview.average_colour(payload)}">'
    assert command("preview", "--html", "teal.png", "--max-bytes", 30).out == f"{tag} {style}\n"
