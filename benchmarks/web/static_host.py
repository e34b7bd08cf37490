"""A host of static files, which counts what it sends and supports ranges."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class StaticHost:
    """A host that is running.

    Attributes:
        url: its address, without a slash at the end.
        sent: sizes of the files that it sent, by path.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.sent: dict[str, int] = {}


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args: Any, host: StaticHost, **keywords: Any) -> None:
        self._host = host
        super().__init__(*args, **keywords)

    def do_GET(self) -> None:
        part = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if part and path.is_file():
            self._send_part(path.read_bytes(), *map(int, part.groups()))
        else:
            super().do_GET()

    def _send_part(self, content: bytes, start: int, last: int) -> None:
        part = content[start : last + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def copyfile(self, source: Any, outputfile: Any) -> None:
        content = source.read()
        outputfile.write(content)
        name = self.path.partition("?")[0]
        self._host.sent[name] = self._host.sent.get(name, 0) + len(content)

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
            server.shutdown()
            thread.join()
