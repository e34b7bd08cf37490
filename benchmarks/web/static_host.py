"""A host of static files, as anybody has one: it gzips texts and WebAssembly."""

from __future__ import annotations

import gzip
import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_GZIPPED = {".css", ".html", ".js", ".json", ".svg", ".wasm", ".webmanifest"}


class StaticHost:
    """A host that is running.

    Attributes:
        url: its address, without a slash at the end.
        sent: bytes of the bodies that it sent, by path.
        is_running: whether it answers.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.sent: dict[str, int] = {}
        self.is_running = True


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # of which browsers keep files with an ETag

    def __init__(self, *args: Any, host: StaticHost, **keywords: Any) -> None:
        self._host = host
        super().__init__(*args, **keywords)

    def do_GET(self) -> None:
        if not self._host.is_running:  # and a browser has kept the connection
            self.close_connection = True
            return
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        if self.headers["If-None-Match"] == tag:
            self.send_response(304)
            self.end_headers()
            return
        content = self._begin(content)
        self.send_header("ETag", tag)
        self.send_header("Content-Type", self.guess_type(path))
        if path.suffix in _GZIPPED:
            content = gzip.compress(content, 9)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        name = self.path.partition("?")[0]
        self._host.sent[name] = self._host.sent.get(name, 0) + len(content)
        self.wfile.write(content)

    def _begin(self, content: bytes) -> bytes:
        """Send the status for content, or for the part of it that is asked for; return that."""
        part = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if part is None:
            self.send_response(200)
            return content
        start, last = map(int, part.groups())
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
        return content[start : last + 1]

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@contextmanager
def static_host(folder: Path) -> Iterator[StaticHost]:
    """Serve a folder at an address of its own, and stop when the block ends."""
    host = StaticHost("")
    handler = partial(_Handler, directory=str(folder), host=host)
    with ThreadingHTTPServer(("localhost", 0), handler) as server:
        host.url = f"http://localhost:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield host
        finally:
            host.is_running = False
            server.shutdown()
            thread.join()
