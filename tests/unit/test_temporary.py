"""Temporary folders: gone however a program ends, and a full temporary directory is called that."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from wwtool.base.processes import worker_pool
from wwtool.base.temporary import TemporaryFolder
from wwtool.errors import InputError, ToolError


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_folders_are_gone_after_use(directory: Path) -> None:
    with TemporaryFolder("first") as first, TemporaryFolder("second") as second:
        assert first.is_dir() and second.is_dir()
        assert first.parent == second.parent
        assert first.parent.parent == directory
        assert len(names(directory)) == 1
    assert names(directory) == []
    kept = TemporaryFolder("third")
    with kept.kept_if_successful() as third:
        (third / "file").write_text("content")
    assert third.is_dir()
    kept.close()
    kept.close()
    assert names(directory) == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_folders_are_gone_after_a_failure(directory: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), TemporaryFolder("a"):
        raise error
    with pytest.raises(error), TemporaryFolder("b").kept_if_successful():
        raise error
    assert names(directory) == []


HOLDS = """
import sys, time
from wwtool.base.temporary import TemporaryFolder
with TemporaryFolder("held") as folder:
    (folder / "file").write_text("content")
    print("ready", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_program_left_is_swept_by_the_next(directory: Path) -> None:
    mine = directory / "wwtool-tmp-mine"
    mine.mkdir()
    (directory / "wwtool-tmp-1-abcdef01").symlink_to(mine)
    environment = {**os.environ, "TMPDIR": str(directory)}
    process = subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"ready\n"
        (held,) = set(names(directory)) - {"wwtool-tmp-mine", "wwtool-tmp-1-abcdef01"}
        with TemporaryFolder("other"):
            assert (directory / held).is_dir(), "its owner lives"
        process.kill()
        process.wait()
    assert (directory / held).is_dir()
    with TemporaryFolder("next"):
        assert not (directory / held).exists()
    assert names(directory) == ["wwtool-tmp-1-abcdef01", "wwtool-tmp-mine"]


def test_a_full_temporary_directory_is_to_blame(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(directory)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(InputError, match=f"temporary directory {directory} is full; .*TMPDIR"), TemporaryFolder("a"):
        raise ToolError("flite failed: status 1")
    with pytest.raises(KeyboardInterrupt), TemporaryFolder("a"):
        raise KeyboardInterrupt
    with TemporaryFolder("a"):
        pass  # it did for this
    assert names(directory) == []


def test_a_quota_is_to_blame(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def over_quota(path: Path, content: bytes) -> int:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    with pytest.raises(InputError, match="is full"), TemporaryFolder("a"):
        monkeypatch.setattr(Path, "write_bytes", over_quota)
        raise ToolError("flite failed: status 1")


def test_a_temporary_directory_that_cannot_be_used(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "mkdtemp", full)
        with pytest.raises(InputError, match="is full"):
            TemporaryFolder("a")
    monkeypatch.setattr(tempfile, "tempdir", str(directory / "gone"))
    with pytest.raises(InputError, match=r"cannot write to the temporary directory .*gone"):
        TemporaryFolder("a")


def test_a_wrong_tmpdir_is_told(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python would take another, and compilers would not."""
    monkeypatch.setenv("TMPDIR", str(directory / "gone"))
    with pytest.raises(InputError, match=r"temporary directory .*gone: No such file or directory; set TMPDIR"):
        TemporaryFolder("a")


def test_the_working_directory_is_no_temporary_one(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python takes it where all others are full."""
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.chdir(directory)
    with pytest.raises(InputError, match="is full"):
        TemporaryFolder("a")
    assert names(directory) == []


# Workers


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_worker_is_told_in_a_sentence(directory: Path) -> None:
    with pytest.raises(InputError, match="worker process was killed"), worker_pool(2) as pool:
        pool.submit(die).result()
    assert names(directory) == []


STARTS = """
import signal, sys, tempfile, time
from wwtool.base.processes import worker_pool
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a test in the background inherits that it is ignored
    tempfile.gettempdir()  # tries whether it can write there
    try:
        print("ready", flush=True)
        with worker_pool(3) as pool:
            for _ in range(3):
                pool.submit(time.sleep, 30)
            time.sleep(30)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.parametrize("delay_ms", [0, 30, 60, 100, 200, 400])
def test_an_interrupt_as_workers_start(directory: Path, delay_ms: int) -> None:
    (directory / "program.py").write_text(STARTS)
    process = subprocess.Popen(
        [sys.executable, "program.py"], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, env={**os.environ, "TMPDIR": str(directory)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(delay_ms / 1000)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert err == b""
    assert out in (b"interrupted\n", b"")
    assert names(directory) == ["program.py"]


SENDS = """
from wwtool.base.processes import worker_pool
if __name__ == "__main__":
    for _ in range(4):
        try:
            with worker_pool(2) as pool:
                sent = [pool.submit(bytes, 100_000_000) for _ in range(8)]
                sent[0].result()
                raise KeyError
        except KeyError:
            print("failed", flush=True)
"""


def test_workers_killed_while_they_send_a_result_are_not_waited_for(directory: Path) -> None:
    (directory / "program.py").write_text(SENDS)
    environment = {**os.environ, "TMPDIR": str(directory)}
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=directory, capture_output=True, text=True, timeout=100, env=environment
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, 4 * "failed\n"), done.stderr
