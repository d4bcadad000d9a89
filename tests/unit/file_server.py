"""A web server on this machine for tests of downloads: honest, slow, lying, or breaking off."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What the server has, and how it behaves.

    Attributes:
        files: content by path.
        ranges: whether it sends parts.
        tags: whether it sends an ETag.
        cut_after: bytes after which it breaks each answer off; None: never.
        lie: bytes that the length it tells is larger than what it has.
        pause_s: before each kilobyte.
        answers: statuses that it gives before it works, in order.
        redirects: paths that lead elsewhere.
        requests: the Range header of each request so far, "" for none.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    tags: bool = True
    cut_after: int | None = None
    lie: int = 0
    pause_s: float = 0.0
    answers: list[int] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def serve(self) -> Iterator[FileServer]:
        outer = self

        class Handler(_Handler):
            rules = outer

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    rules: FileServer

    def do_GET(self) -> None:
        rules, path = self.rules, self.path.partition("?")[0]
        wanted = self.headers.get("Range", "")
        rules.requests.append(wanted)
        if rules.answers:
            self._answer(rules.answers.pop(0))
        elif path in rules.redirects:
            self._answer(302, Location=rules.redirects[path])
        elif path not in rules.files:
            self._answer(404)
        else:
            self._send(rules.files[path], wanted)

    def _answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, content: bytes, wanted: str) -> None:
        rules, start, tag = self.rules, 0, f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        condition = self.headers.get("If-Range")
        if wanted and rules.ranges and condition in (None, tag):
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self._answer(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content) + rules.lie}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - start + rules.lie))
        if rules.tags:
            self.send_header("ETag", tag)
        self.end_headers()
        end = len(content) if rules.cut_after is None else min(len(content), start + rules.cut_after)
        for place in range(start, end, 1024):
            time.sleep(rules.pause_s)
            try:
                self.wfile.write(content[place : min(place + 1024, end)])
            except OSError:
                return
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""
