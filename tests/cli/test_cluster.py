"""A Dask cluster: files are done once, whoever of it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dask
import distributed  # noqa: F401 - its defaults have to be there before one is changed
import numpy as np
import psutil
import pytest
from helpers.commands import Command
from PIL import Image
from pyarrow import parquet

import aecodec
from aecodec.cli.batch.cluster import LOCAL, Cluster, connected
from aecodec.cli.shared.console import Console
from aecodec.parallel import Workers
from aecodec.urls import Url

_COUNT = 300


def _says(item: str, console: Console, _: Workers) -> None:
    """Work that ends the process of a deadly file."""
    if item == "deadly":
        os._exit(1)
    console.result(item)


def test_a_file_that_kills_workers_fails_alone() -> None:
    items = [*map(str, range(20)), "deadly", *map(str, range(20, 40))]
    counts: list[tuple[int, int]] = []
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        connected(LOCAL, 1) as client,
    ):
        cluster = Cluster(client, _says, Console(), lambda *count: counts.append(count))
        done = dict(cluster.run(items))
    failed = {item: outcome for item, outcome in done.items() if outcome.error}
    assert list(failed) == ["deadly"]
    assert "workers that it was given to ended" in str(failed["deadly"].error)
    assert {item for item in items if done[item].lines == [(item, False)]} == {*items} - {"deadly"}
    assert counts[-1] == (41, 41)


def test_a_cluster_is_used_only_for_calls_that_can_be_tried_again(
    folder: Path, command: Command
) -> None:
    refused = command("compress", "digit.png", "--scheduler", "local")
    assert (refused.status, "--skip-existing or --force" in refused.err) == (2, True)


def test_a_scheduler_that_is_not_there_is_named(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ("verify", "digit.png", "digit.png", "--scheduler", "nothing://nowhere")
    missing = command(*call)
    assert missing.status == 1
    assert "no scheduler of Dask at nothing://nowhere" in missing.err
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert "aecodec[distributed]" in command(*call).err


def _started(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "aecodec", *arguments, "--quiet"])


def _wait_for_rows(count: int) -> None:
    journal = Path("m.parquet.rows")
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= count):
        time.sleep(0.02)


def _workers_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    children = psutil.Process(process.pid).children(recursive=True)
    return [each for each in children if "spawn_main" in " ".join(each.cmdline())]


@pytest.mark.slow
def test_a_worker_and_the_scheduler_die_and_all_files_are_there_once(
    bucket: Url, folder: Path, digits: np.ndarray
) -> None:
    Path("many").mkdir()
    for number in range(_COUNT):
        Image.fromarray(digits[number]).save(f"many/{number:03}.png")
    out = bucket / "out"
    call = ("compress", "many", "-o", str(out), "--skip-existing", "--manifest", "m.parquet")
    cluster = (*call, "--scheduler", "local", "--jobs", "2")
    first = _started(*cluster)
    _wait_for_rows(_COUNT // 4)
    _workers_of(first)[0].send_signal(signal.SIGKILL)
    _wait_for_rows(_COUNT // 2)
    first.send_signal(signal.SIGKILL)  # the scheduler lives in it
    first.wait()
    before = {url.name: url.modified() for url in out.rglob("*")}
    assert len(before) >= _COUNT // 2
    time.sleep(1)  # the times are whole seconds
    assert _started(*cluster).wait() == 0
    made = {url.name: url.read_bytes() for url in out.rglob("*")}
    assert sorted(made) == [f"{number:03}.aec" for number in range(_COUNT)]
    for number in range(_COUNT):
        assert made[f"{number:03}.aec"] == aecodec.compress(digits[number], "digits")
    assert {name: (out / name).modified() for name in before} == before
    rows = parquet.read_table("m.parquet").to_pylist()
    assert len(rows) == _COUNT
    assert all(row["status"] == 0 and row["bytes"] for row in rows)
