"""Many files: side by side, in their order, past those that fail, and on after an interruption."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command
from PIL import Image, PngImagePlugin

from aecodec.base.errors import AecodecError
from aecodec.base.parallel import Workers
from aecodec.cli.batch.pool import outcomes_in_processes
from aecodec.cli.batch.run import BatchOptions, run_all
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.discovery import Source
from aecodec.cli.shared.progress import Bar

_PATIENCE = 100


@pytest.fixture
def many(folder: Path, photograph: np.ndarray) -> Path:
    """A folder of 40 pictures of 96x96 pixels, `p00.png` to `p39.png`."""
    Path("many").mkdir()
    for number in range(40):
        left = 8 * number
        Image.fromarray(photograph[100:196, left : left + 96]).save(f"many/p{number:02}.png")
    return Path("many")


def _wait_for(path: Path) -> None:
    for _ in range(100 * _PATIENCE):
        if path.exists():
            return
        time.sleep(0.01)
    raise AssertionError(f"{path} does not come")


def _dies(item: str, console: Console, workers: Workers) -> None:
    console.result(f"{item}, {workers.threads} thread, BLAS {os.environ['OPENBLAS_NUM_THREADS']}")
    if item == "deadly":
        os._exit(3)


def test_a_process_that_dies_ends_the_batch_with_a_remedy() -> None:
    outcomes = outcomes_in_processes(_dies, ["first", "deadly"], Console(), 1)
    assert next(outcomes).lines == [("first, 1 thread, BLAS 1", False)]
    with pytest.raises(AecodecError, match=r"process died: .* use a lower --jobs"):
        next(outcomes)


def test_standard_input_is_read_in_the_main_process() -> None:
    processes = set[int]()
    sources = [Source(Path("a")), Source(Path("-"))] * 200
    run_all(Console(), sources, lambda *_: processes.add(os.getpid()), BatchOptions(jobs=2))
    assert processes == {os.getpid()}


def _started(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "aecodec", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_a_killed_batch_goes_on_where_it_was(
    how: signal.Signals, many: Path, command: Command
) -> None:
    arguments = ("compress", str(many), "-o", "out", "--skip-existing", "--json", "--jobs")
    out = Path("out")
    killed = _started(*arguments, "2")
    _wait_for(out / "p03.aec")
    killed.send_signal(how)
    killed.communicate()  # its workers, which have the same pipes, end too
    assert killed.returncode == -how
    times = {path.name: path.stat().st_mtime_ns for path in out.glob("*.aec")}
    assert 0 < len(times) < 40
    resumed = command(*arguments, 1)
    lines = resumed.json
    assert (resumed.status, f"{len(times)} of 40 files, because" in resumed.err) == (0, True)
    assert [line["source"] for line in lines] == [f"many/p{number:02}.png" for number in range(40)]
    assert {Path(line["source"]).stem for line in lines if "skipped" in line} == {
        Path(name).stem for name in times
    }
    assert sorted(path.name for path in out.glob("*.aec")) == [f"p{n:02}.aec" for n in range(40)]
    assert {name: (out / name).stat().st_mtime_ns for name in times} == times


def test_ctrl_c_ends_a_batch_with_a_sentence(many: Path) -> None:
    # A shell makes programs in the background ignore Ctrl-C, and tests may run there.
    previous = signal.signal(signal.SIGINT, signal.SIG_DFL)
    batch = _started("compress", str(many), "-o", "out", "--jobs", "2")
    signal.signal(signal.SIGINT, previous)
    _wait_for(Path("out/p00.aec"))
    os.killpg(batch.pid, signal.SIGINT)
    _, errors = batch.communicate(timeout=_PATIENCE)
    assert batch.returncode == 130
    assert errors.startswith("interrupted after ")
    assert len(errors.splitlines()) == 1
    assert not list(Path("out").glob(".*"))


def test_what_is_left_out_of_a_folder_is_named(folder: Path, command: Command) -> None:
    Path("scans").mkdir()
    shutil.copy("digit.png", "scans/good.png")
    Path("scans/lost.png").symlink_to("nowhere.png")
    for name in ("phone.HEIC", "camera.nef", "notes.txt", "manual.pdf", "._good.png"):
        Path("scans", name).write_bytes(b"something")
    Path("scans/linked").symlink_to(folder / "scans")
    result = command("compress", "scans", "--json")
    assert result.status == 1
    lines = result.json
    statuses = {Path(line["source"]).name: line.get("status", 0) for line in lines}
    assert statuses == {"good.png": 0, "lost.png": 6, "phone.HEIC": 3, "camera.nef": 3, "linked": 6}
    assert result.err.splitlines()[-1] == "4 of 5 files failed"
    for text in (".heic files", ".nef files", "broken or circular link", "links to a folder"):
        assert text in result.err
    assert [path.name for path in Path("scans_aec").iterdir()] == ["good.aec"]


def test_a_warning_about_many_files_is_printed_once(many: Path, command: Command) -> None:
    for path in many.glob("p0*.png"):
        note = PngImagePlugin.PngInfo()
        note.add_text("Comment", "by the sea")
        Image.open(path).save(path, pnginfo=note)
    result = command("compress", many, "-o", "out", "--jobs", 1)
    first, more = [line for line in result.err.splitlines() if "warning" in line]
    assert first.startswith("warning: many/p0")
    assert more == f"warning: 9 more files: {first.split(': ', 2)[2]}"
    names = ("many/p00.png", "many/p01.png")
    assert "warning: 1 more file: " in command("compress", *names, "-o", "two").err
    assert command("evaluate", "photo", many, "-q", 1, "--limit", 2).err == ""


def test_a_bar_is_shown_on_a_terminal_and_results_go_where_they_belong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with Bar("done", is_enabled=True) as bar:
        bar.update(1, 100)
        bar.write("a result", to_stderr=False)
        bar.write("a warning", to_stderr=True)
    caught = capsys.readouterr()
    assert caught.out == "a result\n"
    assert "a warning\n" in caught.err
    assert "a result" not in caught.err
    with Console().messages_as_they_come():
        logging.getLogger("aecodec.x").debug("the priors", extra={"finished": (30, 100)})
    assert "30%" in capsys.readouterr().err
