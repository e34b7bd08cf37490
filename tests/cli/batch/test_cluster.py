"""A Dask cluster: files are done once, whoever of it dies."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path

import dask
import distributed  # noqa: F401 - its defaults have to be there before one is changed
import numpy as np
import pytest
from helpers.commands import Command
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.cli.batch import cluster as cluster_of_files
from aecodec.cli.batch.cluster import LOCAL, Cluster, connected
from aecodec.cli.shared.console import Console
from aecodec.errors import AecodecError
from aecodec.parallel import Workers
from benchmarks.speed.cluster import measure


def _says(item: str, console: Console, _: Workers) -> None:
    """Work that ends the process of a deadly file."""
    if item == "deadly":
        os._exit(1)
    console.result(item)


@pytest.mark.slow
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
    assert "workers that processed this file died" in str(failed["deadly"].error)
    assert {item for item in items if done[item].lines == [(item, False)]} == {*items} - {"deadly"}
    assert counts[-1] == (41, 41)


def test_a_scheduler_without_workers_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster_of_files, "_PATIENCE", 0.1)
    with connected(LOCAL, 0) as client:
        cluster = Cluster(client, _says, Console(), lambda *_: None)
        with pytest.raises(AecodecError, match="no workers"):
            list(cluster.run(["one"]))


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
    assert "cannot connect to a Dask scheduler at nothing://nowhere" in missing.err
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert "aecodec[distributed]" in command(*call).err


@pytest.mark.slow
def test_a_worker_and_the_scheduler_die_and_all_files_are_there_once(
    folder: Path, digits: Pixels, photograph: Pixels
) -> None:
    np.savez("mnist.npz", x_train=digits[:1], x_test=digits[:300])
    Path("photographs").mkdir()
    Image.fromarray(photograph[:200, :300]).save("photographs/0.png")
    options = Namespace(
        data=Path("mnist.npz"), photographs=Path("photographs"), limit=300, photos=1
    )
    rows = {row["way"]: row for row in measure(options)}
    assert rows["one process"]["bytes"] == rows["two workers"]["bytes"]
    killed = rows["two workers, killed"]
    assert killed["made_before"] >= 301 * 3 // 4
    assert [killed[name] for name in ("objects", "missing", "made_twice", "wrong")] == [
        301,
        0,
        0,
        0,
    ]
    assert rows["one process, stacks of 1000"]["objects"] == 1
