"""A server of the API of S3 in a process of its own, to measure and to test with: moto's."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import fsspec

from aecodec.urls import Url

_BUCKET = "pictures"
_PATIENCE = 300


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes:
        bucket: the one bucket that it has.
        pid: id of its process.
    """

    bucket: Url
    pid: int

    def objects(self, folder: str) -> dict[str, tuple[str, float]]:
        """MD5 and time of each object in a folder, by their names in it."""
        top = f"{_BUCKET}/{folder}/"
        entries = _file_system().find(top, detail=True)
        return {
            name.removeprefix(top): (about["ETag"], about["LastModified"].timestamp())
            for name, about in entries.items()
        }


@contextmanager
def s3_server() -> Iterator[Server]:
    """A server with an empty bucket for the block, which fsspec finds in the environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    try:
        with patch.dict(os.environ, keys, AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}"):
            _wait_for(port)
            fsspec.get_filesystem_class("s3").clear_instance_cache()  # those of other servers
            _file_system().mkdir(_BUCKET)
            yield Server(Url(f"s3://{_BUCKET}"), process.pid)
    finally:
        process.kill()
        process.wait()


def _file_system() -> fsspec.AbstractFileSystem:
    return fsspec.filesystem("s3", use_listings_cache=False)


def _wait_for(port: int) -> None:
    for _ in range(10 * _PATIENCE):
        with socket.socket() as tried:
            if not tried.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    raise TimeoutError("the server does not start")
