"""A Dask cluster: files are done once, whoever of it dies."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import dask
import distributed  # noqa: F401 - its defaults have to be there before one is changed
import psutil
import pytest
from helpers.commands import Command
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.cli.batch import cluster as cluster_of_files
from aecodec.cli.batch.cluster import LOCAL, cluster_pool, connected
from aecodec.cli.shared.console import Console
from aecodec.errors import AecodecError
from aecodec.parallel import Workers
from aecodec.urls import Url


def _says(item: str, console: Console, _: Workers) -> None:
    """Work that ends the process of a deadly file."""
    if item == "deadly":
        os._exit(1)
    console.result(item)


@pytest.mark.slow
def test_a_file_that_kills_workers_fails_alone() -> None:
    items = [*map(str, range(20)), "deadly", *map(str, range(20, 40))]
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        connected(LOCAL, 1) as client,
    ):
        pool, files = cluster_pool(client, _says, Console()), list(enumerate(items))
        done = {items[number]: outcome for number, outcome in pool.run([files[:21], files[21:]])}
    failed = {item: outcome for item, outcome in done.items() if outcome.error}
    assert list(failed) == ["deadly"]
    assert "its worker process died" in str(failed["deadly"].error)
    assert {item for item in items if done[item].lines == [(item, False)]} == {*items} - {"deadly"}


def test_a_scheduler_without_workers_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster_of_files, "_PATIENCE", 0.1)
    with connected(LOCAL, 0) as client, pytest.raises(AecodecError, match="no workers"):
        list(cluster_pool(client, _says, Console()).run([[(0, "one")]]))


def test_a_scheduler_that_is_not_there_is_named(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ("verify", "digit.png", "digit.png", "--scheduler", "nothing://nowhere")
    missing = command(*call)
    assert missing.status == 1
    assert "cannot connect to a Dask scheduler at nothing://nowhere" in missing.err
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert "aecodec[distributed]" in command(*call).err


@pytest.mark.slow
def test_a_worker_and_the_scheduler_die_and_all_files_are_written_once(
    folder: Path, digits: Pixels, bucket: Url
) -> None:
    Path("many").mkdir()
    for number, digit in enumerate(digits[:300]):
        Image.fromarray(digit).save(f"many/{number:03}.png")
    assert compressing(bucket / "alone", "--jobs", "1").wait() == 0
    call = (bucket / "killed", "--scheduler", "local", "--jobs", "2")
    process = compressing(*call)
    wait_for_rows(150, process)
    workers_of(process)[0].kill()
    wait_for_rows(225, process)
    process.kill()  # the scheduler lives in it
    process.wait()
    before = objects(bucket / "killed")
    time.sleep(1)  # the times of objects are whole seconds
    assert compressing(*call).wait() == 0
    after, expected = objects(bucket / "killed"), objects(bucket / "alone")
    assert len(before) >= 225
    assert before.items() <= after.items()
    contents, expected_contents = (
        {name: content for name, (content, _) in made.items()} for made in (after, expected)
    )
    assert contents == expected_contents


def compressing(target: Url, *options: str) -> subprocess.Popen[bytes]:
    """Start a command that compresses the folder `many`."""
    command = [sys.executable, "-m", "aecodec", "compress", "many", "--quiet", "--skip-existing"]
    command += ["-o", str(target), "--manifest", f"{target.name}.parquet", *options]
    return subprocess.Popen(command)


def wait_for_rows(count: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the journal of the manifest has some rows."""
    journal = Path("killed.parquet.rows")
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= count):
        assert process.poll() is None, "the command ended before it could be killed"
        time.sleep(0.05)


def workers_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The workers that a command started."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def objects(folder: Url) -> dict[str, tuple[bytes, float]]:
    """Content and time of each object in a folder, by its name."""
    return {url.name: (url.read_bytes(), url.modified()) for url in folder.rglob("*")}
