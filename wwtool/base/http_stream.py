"""The bytes of a file on a server, in order and held to what is known of the file.

A connection that is cut off is opened again from where it broke, as long as the server still has the same file. Only
http and https are spoken, also after a redirect. ``download.py`` writes such a stream to a file.
"""

from __future__ import annotations

import http.client
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO

from wwtool import __version__
from wwtool.base.cancellation import Cancellation
from wwtool.base.text import printable
from wwtool.errors import InputError, ToolError, UsageError

MIRROR = "WWTOOL_MIRROR"
_CHUNK_BYTES = 1 << 18
_SCHEMES = ("http", "https")
_PASSING = (408, 425, 429, 500, 502, 503, 504)  # RFC 9110: the same request may succeed later
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")

Advance = Callable[[int, "int | None"], None]
"""Told how many bytes are there, and of how many if that is known."""


@dataclass(frozen=True)
class Patience:
    """How long a server may take.

    Attributes:
        timeout_s: without a byte, until a connection counts as broken.
        attempts: in a row that bring no byte, before the download is given up.
        pause_s: before the second attempt; it doubles with each.
    """

    timeout_s: float = 30.0
    attempts: int = 5
    pause_s: float = 1.0


PATIENCE = Patience()


@dataclass
class Stream:
    """A file on a server, read by ``chunks``.

    Attributes:
        url: where it is.
        size: its bytes; None if only the server knows. A server that says otherwise is refused.
        offset: bytes of it that are there already.
        validator: what the server calls this state of the file (ETag or date); "" if unknown.
    """

    url: str
    size: int | None = None
    offset: int = 0
    validator: str = ""
    patience: Patience = field(default_factory=lambda: PATIENCE)

    def chunks(self, cancel: Cancellation, start_over: Callable[[], None]) -> Iterator[bytes]:
        """The bytes from ``offset`` on.

        Args:
            cancel: checked at each chunk.
            start_over: called when the server does not go on from ``offset``: what is there is void, and the next
                bytes are the file's first. It may raise, where that cannot be.

        Raises:
            InputError: the server has no such file, or one of another size.
            ToolError: the server cannot be reached, or breaks off again and again.
            CancelledError: somebody has cancelled.
        """
        failures = 0
        while self.size is None or self.offset < self.size:
            cancel.check()
            before = self.offset
            try:
                with self._open(start_over) as response:
                    while chunk := response.read(_CHUNK_BYTES):
                        cancel.check()
                        self._count(chunk)
                        yield chunk
                if self.size is None:
                    return
                reason = "the connection was cut off"
            except urllib.error.HTTPError as error:
                reason = self._refused(error, start_over)
            except (OSError, http.client.HTTPException) as error:
                reason = _reason(error)
            failures = 1 if self.offset > before else failures + 1
            if (self.size is None or self.offset < self.size) and failures >= self.patience.attempts:
                raise ToolError(self._gave_up(reason))
            self._wait(failures, cancel)

    def _open(self, start_over: Callable[[], None]) -> http.client.HTTPResponse:
        headers = {"User-Agent": f"wwtool/{__version__}", "Accept-Encoding": "identity"}
        if self.offset:
            headers["Range"] = f"bytes={self.offset}-"
            if self.validator:
                headers["If-Range"] = self.validator
        request = urllib.request.Request(check_url(self.url), headers=headers)
        response: http.client.HTTPResponse = _opener().open(request, timeout=self.patience.timeout_s)
        start, size = _span(response)
        if start != self.offset:
            if start:
                raise InputError(f"{self.url} sends bytes from {start:,} on instead of {self.offset:,}; try a mirror")
            self.offset = 0
            start_over()
        self._check_size(size)
        self.validator = _validator(response)
        return response

    def _check_size(self, size: int | None) -> None:
        if size is None:
            return
        if self.size is None:
            self.size = size
        elif size != self.size:
            raise InputError(
                f"{self.url} has {size:,} bytes instead of {self.size:,}, so it is another file; try a mirror"
            )

    def _count(self, chunk: bytes) -> None:
        self.offset += len(chunk)
        if self.size is not None and self.offset > self.size:
            raise InputError(f"{self.url} sends more than the {self.size:,} bytes that it should have; try a mirror")

    def _refused(self, error: urllib.error.HTTPError, start_over: Callable[[], None]) -> str:
        """The reason of a failure that may pass; others are raised."""
        error.close()
        if error.code == 416:  # what is there is no beginning of the server's file
            self.offset, self.validator = 0, ""
            start_over()
            return "the server has another file than before"
        if error.code in _PASSING:
            return f"the server answers {error.code}"
        if error.code < 400:
            raise InputError(f"{self.url} leads away from the web, which is not safe; try a mirror") from error
        remedy = (
            "sign in there and fetch it by hand" if error.code in (401, 403) else "check the address, or use a mirror"
        )
        raise InputError(f"{self.url} cannot be fetched: the server answers {error.code}; {remedy}") from error

    def _wait(self, failures: int, cancel: Cancellation) -> None:
        end = time.monotonic() + self.patience.pause_s * 2 ** (failures - 1)
        while (left := end - time.monotonic()) > 0:
            cancel.check()
            time.sleep(min(left, 0.2))

    def _gave_up(self, reason: str) -> str:
        if not self.offset:
            return f"{self.url} cannot be fetched: {reason}; check the network, or name a mirror with --mirror"
        of = f" of {self.size:,}" if self.size else ""
        return f"{self.url} broke off after {self.offset:,}{of} bytes: {reason}; run the same command again to go on"


def check_url(url: str) -> str:
    """The URL, if it is one of http or https with a host.

    Raises:
        UsageError: it is not.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    odd = any(letter <= " " or letter == "\x7f" for letter in url)
    if host is None or odd or parts.scheme not in _SCHEMES:
        raise UsageError(f"'{printable(url, 100)}' is no address that begins with http:// or https://; correct it")
    return url


def mirrored(url: str, mirror: str | None = None) -> str:
    """The URL at a mirror: the mirror's address takes the place of scheme and host.

    >>> mirrored("https://example.org/voices/a.onnx?download=1", "http://mirror.lan/copies/")
    'http://mirror.lan/copies/voices/a.onnx?download=1'

    Args:
        url: an address of the catalogue.
        mirror: a mirror's address; None: what WWTOOL_MIRROR says, if it is set.

    Raises:
        UsageError: the mirror's address is none.
    """
    mirror = mirror or os.environ.get(MIRROR)
    if not mirror:
        return url
    parts = urllib.parse.urlsplit(url)
    return check_url(mirror).rstrip("/") + urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))


class _OnlyWeb(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https, and never from https to http."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        scheme = urllib.parse.urlsplit(newurl).scheme
        if scheme not in _SCHEMES or (req.type == "https" and scheme == "http"):
            raise InputError(f"{req.full_url} leads to {printable(newurl, 200)}, which is not safe; try a mirror")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """An opener without handlers of files, ftp and data, which urllib's own has."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler, _OnlyWeb,
        urllib.request.HTTPDefaultErrorHandler, urllib.request.HTTPErrorProcessor,
    ):  # fmt: skip
        opener.add_handler(handler())
    return opener


def _span(response: http.client.HTTPResponse) -> tuple[int, int | None]:
    """Which byte of the file an answer begins with, and how many the file has."""
    if response.status == http.HTTPStatus.PARTIAL_CONTENT:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if match is None:
            raise InputError(f"{response.url} sends a part without saying which; try a mirror")
        return int(match[1]), None if match[3] == "*" else int(match[3])
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _validator(response: http.client.HTTPResponse) -> str:
    """A strong ETag, or the date: what If-Range takes (RFC 9110, section 13.1.5)."""
    tag: str = response.headers.get("ETag", "")
    if tag and not tag.startswith("W/"):
        return tag
    return str(response.headers.get("Last-Modified", ""))


def _reason(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) and isinstance(error.reason, Exception) else error
    if isinstance(cause, TimeoutError):
        return "the server does not answer in time"
    return printable(getattr(cause, "strerror", None) or str(cause) or type(cause).__name__, 200)
