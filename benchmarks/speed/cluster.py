"""How much faster are two workers than one process, and what is left when one of them dies?

Digits and photographs of this machine become objects of an S3 server in a process of its own
(moto), by one process and by `--scheduler local --jobs 2`. Then a worker is killed when half of the
files are done, the scheduler at three quarters, and the call is given again. `core_seconds` are
those of the command and of all its workers, `server_seconds` those of the server beside them.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psutil
from PIL import Image

from aecodec.datasets.folders_and_arrays import images_in
from benchmarks.harness import Options, Row
from benchmarks.pictures import mnist
from benchmarks.s3_server import Server, s3_server

_CLUSTER = ("--scheduler", "local", "--jobs", "2")
_ROWS = ".rows"
"""What the name of a manifest's journal has more than that of the manifest."""


def add_arguments(parser: Options) -> None:
    """Add the data and the numbers of pictures."""
    parser.add_data(help="mnist.npz")
    parser.add_data("photographs", help="a folder of photographs")
    parser.add_limit(10_000)
    parser.add_argument("--photos", type=int, default=500, help="number of photographs, at most")


def measure(options: Namespace) -> Iterator[Row]:
    """One row for one process, one for two workers, one for those that die, one for stacks."""
    with tempfile.TemporaryDirectory() as folder, s3_server() as server:
        run = _Runs(Path(folder), server)
        count = run.fill(options)
        alone = run.timed("one", "--jobs", "1", "--skip-existing")
        yield {"way": "one process", "files": count, **alone}
        together = run.timed("two", *_CLUSTER, "--skip-existing")
        factor = round(alone["seconds"] / together["seconds"], 3)
        yield {"way": "two workers", "files": count, **together, "factor": factor}
        yield {"way": "two workers, killed", "files": count, **run.killed(count)}
        stacks = run.timed("stacks", "--jobs", "1", "--stacks-of", "1000", source="digits")
        yield {"way": "one process, stacks of 1000", "files": options.limit, **stacks}


class _Runs:
    """Calls of `aecodec compress` on the pictures of a folder.

    Args:
        folder: where the pictures and the manifests go.
        server: where the results go.
    """

    def __init__(self, folder: Path, server: Server) -> None:
        self._folder, self._server = folder, server
        self._process = psutil.Process(server.pid)

    def fill(self, options: Namespace) -> int:
        """Write the pictures as files, and count them."""
        digits, photos = self._folder / "many/digits", self._folder / "many/photos"
        digits.mkdir(parents=True)
        photos.mkdir()
        for number, digit in enumerate(mnist(options.data)[1][: options.limit]):
            Image.fromarray(digit).save(digits / f"{number:05}.png")
        for path in islice(images_in(options.photographs), options.photos):
            shutil.copy(path, photos)
        return len(list(digits.iterdir())) + len(list(photos.iterdir()))

    def timed(self, name: str, *arguments: str, source: str = "") -> Row:
        """Run a call to its end: clock, processors, and the mean size of its objects."""
        load, clock, cores = os.getloadavg()[0], time.perf_counter(), _core_seconds()
        server = sum(self._process.cpu_times()[:2])
        assert self._started(name, *arguments, source=source).wait() == 0
        seconds = time.perf_counter() - clock
        made = list((self._server.bucket / name).rglob("*"))
        return {
            "seconds": round(seconds, 2),
            "core_seconds": round(_core_seconds() - cores, 2),
            "server_seconds": round(sum(self._process.cpu_times()[:2]) - server, 2),
            "load_before": round(load, 2),
            "objects": len(made),
            "bytes": sum(url.size() for url in made),
        }

    def killed(self, count: int) -> Row:
        """Kill a worker and then the scheduler, give the call again, and compare the objects."""
        call = ("killed", *_CLUSTER, "--skip-existing")
        first = self._started(*call)
        self._wait_for_rows(count // 2, first)
        _workers_of(first)[0].send_signal(signal.SIGKILL)
        self._wait_for_rows(count * 3 // 4, first)
        first.send_signal(signal.SIGKILL)  # the scheduler lives in it
        first.wait()
        before = self._server.objects("killed")
        time.sleep(1)  # the times are whole seconds
        assert self._started(*call).wait() == 0
        after, right = self._server.objects("killed"), self._server.objects("one")
        return {
            "made_before": len(before),
            "objects": len(after),
            "missing": len(right.keys() - after.keys()),
            "made_twice": sum(after[name] != before[name] for name in before),
            "wrong": sum(after[name][0] != right[name][0] for name in after.keys() & right.keys()),
        }

    def _started(self, name: str, *arguments: str, source: str = "") -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "aecodec", "compress", f"many/{source}", "--quiet"]
        command += ["-o", str(self._server.bucket / name), "--manifest", f"{name}.parquet"]
        return subprocess.Popen([*command, *arguments], cwd=self._folder)

    def _wait_for_rows(self, count: int, process: subprocess.Popen[bytes]) -> None:
        journal = self._folder / f"killed.parquet{_ROWS}"
        while not (journal.exists() and journal.read_bytes().count(b"\n") >= count):
            assert process.poll() is None, "the call ended before it could be killed"
            time.sleep(0.1)


def _core_seconds() -> float:
    """Seconds that the processes have taken which this one started, and which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _workers_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    children = psutil.Process(process.pid).children(recursive=True)
    return [process for process in children if "spawn_main" in " ".join(process.cmdline())]
