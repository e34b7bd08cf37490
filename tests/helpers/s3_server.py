"""A server of the API of S3 in a separate process: moto's."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import fsspec

from aecodec.urls import Url

_BUCKET = Url("s3://pictures")
_PATIENCE = 300


@contextmanager
def s3_server() -> Iterator[Url]:
    """An empty bucket on a new server, which fsspec finds through the environment."""
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
            fsspec.get_filesystem_class("s3").clear_instance_cache()  # of earlier servers
            fsspec.filesystem("s3", use_listings_cache=False).mkdir(_BUCKET.name)
            yield _BUCKET
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(10 * _PATIENCE):
        with socket.socket() as client:
            if not client.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    raise TimeoutError("the server does not start")
