"""A host of static files, which counts what it sends and supports ranges."""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class StaticHost(ThreadingHTTPServer):
    """A host of the files of a folder, at a URL with a free port; `sent` has the sizes by path.

    It sends the second half of large files while `gate` is set.
    """

    def __init__(self, folder: Path, compresses: bool) -> None:
        super().__init__(("localhost", 0), partial(_Handler, directory=str(folder)))
        self.url = f"http://localhost:{self.server_address[1]}"
        self.sent: dict[str, int] = {}
        self.compresses = compresses
        self.gate = threading.Event()
        self.gate.set()


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StaticHost

    def do_GET(self) -> None:
        part = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if part and path.is_file():
            self._send_part(path.read_bytes(), *map(int, part.groups()))
        elif self.server.compresses and path.suffix == ".js":
            self._send_compressed(gzip.compress(path.read_bytes()))
        else:
            super().do_GET()

    def _send_part(self, content: bytes, start: int, last: int) -> None:
        part = content[start : last + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def _send_compressed(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def copyfile(self, source: Any, outputfile: Any) -> None:
        content = source.read()
        half = len(content) // 2
        outputfile.write(content[:half])
        if half > 1_000_000:
            self.server.gate.wait()
        outputfile.write(content[half:])
        name = self.path.partition("?")[0]
        self.server.sent[name] = self.server.sent.get(name, 0) + len(content)

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@contextmanager
def static_host(folder: Path, *, compresses: bool = False) -> Iterator[StaticHost]:
    """Serve a folder, if asked with compressed scripts, and stop when the block ends."""
    with StaticHost(folder, compresses) as host:
        thread = threading.Thread(target=host.serve_forever, daemon=True)
        thread.start()
        try:
            yield host
        finally:
            host.shutdown()
            thread.join()
