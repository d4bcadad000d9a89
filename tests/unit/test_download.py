"""Downloads: resumed, verified, and refused when a server lies; nothing half-written has the final name."""

from __future__ import annotations

import hashlib
import shutil
import socket
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest
from file_server import FileServer

from wwtool.base.cancellation import Cancellation
from wwtool.base.download import Expected, download
from wwtool.base.http_stream import Patience, check_url, mirrored
from wwtool.errors import CancelledError, InputError, ToolError, UsageError

CONTENT = bytes(range(256)) * 4000
KNOWN = Expected(len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), hashlib.md5(CONTENT).hexdigest())
HASTE = Patience(timeout_s=2.0, attempts=3, pause_s=0.01)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer({"/voice.onnx": CONTENT}).serve() as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "voice.onnx"


def get(server: FileServer, target: Path, expected: Expected = KNOWN, name: str = "/voice.onnx") -> str:
    return download(server.url + name, target, expected, patience=HASTE)


def only_part(target: Path) -> bool:
    """Whether the download has left its beginning and no file of the final name."""
    return sorted(path.name for path in target.parent.iterdir()) == ["voice.onnx.part", "voice.onnx.part.json"]


def test_a_file_is_fetched_and_verified(server: FileServer, target: Path) -> None:
    told: list[tuple[int, int | None]] = []
    digest = download(server.url + "/voice.onnx", target, KNOWN, advance=lambda *facts: told.append(facts))
    assert digest == KNOWN.sha256
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["voice.onnx"]
    assert told[0] == (0, len(CONTENT)) and told[-1] == (len(CONTENT), len(CONTENT))


def test_nothing_need_be_known(server: FileServer, target: Path) -> None:
    assert get(server, target, Expected()) == KNOWN.sha256


def test_a_connection_that_breaks_is_taken_up_where_it_broke(server: FileServer, target: Path) -> None:
    server.cut_after = 300_000
    assert get(server, target) == KNOWN.sha256
    assert server.requests == ["", "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_killed_download_goes_on(server: FileServer, target: Path) -> None:
    server.cut_after, server.ranges = 300_000, False
    with pytest.raises(ToolError, match=r"broke off after 300,000 of 1,024,000 bytes: the connection was cut off"):
        get(server, target)
    assert only_part(target)
    server.cut_after, server.ranges, server.requests = None, True, []
    assert get(server, target) == KNOWN.sha256
    assert server.requests == ["bytes=300000-"]


def test_a_file_that_has_changed_meanwhile_is_fetched_anew(server: FileServer, target: Path) -> None:
    server.cut_after, server.ranges = 300_000, False
    with pytest.raises(ToolError):
        get(server, target, Expected())
    changed = CONTENT[::-1]
    server.cut_after, server.ranges, server.files["/voice.onnx"] = None, True, changed
    assert get(server, target, Expected()) == hashlib.sha256(changed).hexdigest()
    assert target.read_bytes() == changed


def test_without_a_tag_or_a_hash_nothing_is_joined(server: FileServer, target: Path) -> None:
    server.tags, server.cut_after, server.ranges = False, 300_000, False
    with pytest.raises(ToolError):
        get(server, target, Expected(len(CONTENT)))
    server.cut_after, server.ranges, server.requests = None, True, []
    get(server, target, Expected(len(CONTENT)))
    assert server.requests == [""]


def test_a_server_that_sends_no_parts_starts_over(server: FileServer, target: Path) -> None:
    server.cut_after, server.ranges = 300_000, False
    with pytest.raises(ToolError):
        get(server, target)
    server.cut_after = None
    assert get(server, target) == KNOWN.sha256
    assert target.read_bytes() == CONTENT


def test_what_is_there_and_longer_than_the_file_is_dropped(server: FileServer, target: Path) -> None:
    server.cut_after, server.ranges = 300_000, False
    with pytest.raises(ToolError):
        get(server, target, Expected())
    server.files["/voice.onnx"], server.tags, server.cut_after, server.ranges = b"short", False, None, True
    notes = target.with_name("voice.onnx.part.json")
    notes.write_text(notes.read_text(encoding="utf-8"), encoding="utf-8")
    assert get(server, target, Expected()) == hashlib.sha256(b"short").hexdigest()


def test_a_wrong_file_is_removed(server: FileServer, target: Path) -> None:
    server.files["/voice.onnx"] = CONTENT[::-1]
    with pytest.raises(InputError, match=r"its SHA-256 is [0-9a-f]{64} instead of"):
        get(server, target)
    with pytest.raises(InputError, match="its MD5 is"):
        get(server, target, Expected(md5=KNOWN.md5))
    assert list(target.parent.glob("voice.onnx")) == list(target.parent.glob("*.part")) == []


@pytest.mark.parametrize(("content", "lie"), [(CONTENT + b"1", 0), (CONTENT[:-1], 0), (CONTENT, 5), (CONTENT, -5)])
def test_a_server_that_lies_about_its_size_is_refused(
    server: FileServer, target: Path, content: bytes, lie: int
) -> None:
    server.files["/voice.onnx"], server.lie = content, lie
    with pytest.raises(InputError, match=r"instead of 1,024,000, so it is another file"):
        get(server, target)
    assert not target.exists()


def test_a_server_that_promises_more_than_it_sends_is_given_up(server: FileServer, target: Path) -> None:
    server.files["/voice.onnx"], server.lie = CONTENT[:-1], 1
    server.ranges = False
    with pytest.raises(ToolError, match=r"broke off after 1,023,999 of 1,024,000 bytes"):
        get(server, target)
    assert only_part(target)


def test_failures_that_pass_are_tried_again(server: FileServer, target: Path) -> None:
    server.answers = [503, 429]
    assert get(server, target) == KNOWN.sha256
    server.answers = [503] * 9
    with pytest.raises(ToolError, match="the server answers 503; check the network"):
        get(server, target)


@pytest.mark.parametrize(("status", "remedy"), [(404, "use a mirror"), (403, "by hand"), (401, "by hand")])
def test_failures_that_stay_are_told_at_once(server: FileServer, target: Path, status: int, remedy: str) -> None:
    server.answers = [status]
    with pytest.raises(InputError, match=rf"the server answers {status}; .*{remedy}"):
        get(server, target)
    assert len(server.requests) == 1


def test_a_server_that_is_not_there(target: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(ToolError, match=r"cannot be fetched: Connection refused; check the network"):
        download(f"http://127.0.0.1:{port}/voice.onnx", target, KNOWN, patience=HASTE)


def test_a_server_that_says_nothing(target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/voice.onnx"
        with pytest.raises(ToolError, match="does not answer in time"):
            download(url, target, KNOWN, patience=Patience(timeout_s=0.1, attempts=2, pause_s=0.01))


def test_redirects_are_followed_on_the_web_only(server: FileServer, target: Path) -> None:
    server.redirects = {"/moved": f"{server.url}/voice.onnx", "/local": "file:///etc/passwd", "/ftp": "ftp://x/y"}
    assert get(server, target, name="/moved") == KNOWN.sha256
    for name in ("/local", "/ftp"):
        with pytest.raises(InputError, match="which is not safe"):
            get(server, target, name=name)


def test_a_redirect_keeps_the_range(server: FileServer, target: Path) -> None:
    server.redirects = {"/moved": f"{server.url}/voice.onnx"}
    server.cut_after = 600_000
    assert get(server, target, name="/moved") == KNOWN.sha256
    assert server.requests[-1] == "bytes=600000-"


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a/b", "http://", "voice.onnx", "http://a b/", "http://[", ""]
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="http"):
        check_url(url)


def test_a_cancelled_download_keeps_what_it_has(server: FileServer, target: Path) -> None:
    cancel = Cancellation()

    def advance(done: int, total: int | None) -> None:
        if done:
            cancel.cancel()

    server.pause_s = 0.001
    with pytest.raises(CancelledError):
        download(server.url + "/voice.onnx", target, KNOWN, cancel, advance)
    assert only_part(target)
    server.pause_s, server.requests = 0.0, []
    get(server, target)
    assert server.requests[0].startswith("bytes=")


def test_ctrl_c_keeps_what_is_there(server: FileServer, target: Path) -> None:
    def advance(done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(server.url + "/voice.onnx", target, KNOWN, advance=advance)
    assert only_part(target)
    assert get(server, target) == KNOWN.sha256


def test_a_full_disk_is_told_before_the_download(
    server: FileServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 10, 1 << 20))
    with pytest.raises(InputError, match=r"1 MB are needed in .* and 1 MB are free; free some space"):
        get(server, target)
    assert server.requests == []


def test_a_disk_that_fills_up_keeps_what_it_has(server: FileServer, target: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    target.with_name("voice.onnx.part").symlink_to(full)
    with pytest.raises(InputError, match=r"cannot write .*voice\.onnx: "):
        get(server, target)
    assert not target.exists()


def test_a_mirror_takes_the_place_of_the_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://example.org/a/b.onnx"
    assert mirrored(url) == url
    assert mirrored(url, "http://lan:8000") == "http://lan:8000/a/b.onnx"
    monkeypatch.setenv("WWTOOL_MIRROR", "https://copies.example/x/")
    assert mirrored(url) == "https://copies.example/x/a/b.onnx"
    assert mirrored(url, "http://lan") == "http://lan/a/b.onnx"
    with pytest.raises(UsageError, match="no address"):
        mirrored(url, "lan")
