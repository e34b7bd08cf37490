"""A server of the API of S3: moto's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import fsspec
from moto.server import ThreadedMotoServer

from aecodec.data.samples import sample_paths
from aecodec.urls import Url

_BUCKET = Url("s3://pictures")


@contextmanager
def s3_server() -> Iterator[Url]:
    """A bucket with the sample digits in its folder `scans`, which fsspec finds."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    with patch.dict(os.environ, keys, AWS_ENDPOINT_URL=f"http://{host}:{port}"):
        fsspec.get_filesystem_class("s3").clear_instance_cache()  # of earlier servers
        system = fsspec.filesystem("s3", use_listings_cache=False)
        system.mkdir(_BUCKET.name)
        for path in sample_paths():
            (_BUCKET / "scans" / path.name).write(path.read_bytes(), replace=False)
        try:
            yield _BUCKET
        finally:
            system.rm(_BUCKET.name, recursive=True)  # servers of a process share their buckets
            server.stop()
