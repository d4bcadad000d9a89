"""Object files: each is compiled once by this process, however many programs it is linked to.

Firmware of six candidates shares all but the model, and so do the programs that run models on this machine. What is
kept lies in memory and ends with the process, so nobody else can put anything there.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from wwtool.base.files import write_bytes
from wwtool.base.programs import run_program

_COMPILERS = 2
_KEPT_BYTES = 64_000_000
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*(?:include|import)[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>|(.*))', re.MULTILINE)
# What a source can read that no line with #include names.
_READS_MORE = re.compile(rb"__has_include|#[ \t]*embed|\.incbin|\.include|__DATE__|__TIME__|__TIMESTAMP__")


@dataclass(frozen=True)
class Compilation:
    """A source that becomes an object file.

    Attributes:
        command: the compiler and its flags. Paths are relative to the folder it runs in, or absolute.
        source: what is compiled, likewise.
        target: the object file.
    """

    command: tuple[str, ...]
    source: str
    target: Path


@dataclass(frozen=True)
class Failure:
    """What the compiler said of a source that it refused."""

    source: str
    message: str


class _Kept:
    """Object files by what they are made of; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._nbytes = 0
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            return self._objects.get(key)

    def add(self, key: str, content: bytes) -> None:
        with self._lock:
            self._nbytes += len(content) - len(self._objects.pop(key, b""))
            self._objects[key] = content
            while self._nbytes > _KEPT_BYTES:
                self._nbytes -= len(self._objects.pop(next(iter(self._objects))))


_KEPT = _Kept()


def compile_objects(compilations: Sequence[Compilation], cwd: Path) -> Failure | None:
    """Makes object files, two at a time, in the folder ``cwd``; returns the first failure, None if there is none.

    Raises:
        ToolError: the compiler is missing.
    """
    with ThreadPoolExecutor(_COMPILERS) as pool:
        failures = list(pool.map(lambda compilation: _compile(compilation, cwd), compilations))
    return next((failure for failure in failures if failure is not None), None)


def _compile(compilation: Compilation, cwd: Path) -> Failure | None:
    key = _key_of(compilation, cwd)
    kept = _KEPT.get(key) if key else None
    if kept is not None:
        write_bytes(compilation.target, kept)
        return None
    command = [*compilation.command, "-c", "-o", str(compilation.target), compilation.source]
    done = run_program(command, cwd=cwd)
    if done.returncode != 0:
        return Failure(compilation.source, done.stderr)
    if key:
        _KEPT.add(key, compilation.target.read_bytes())
    return None


def _key_of(compilation: Compilation, cwd: Path) -> str:
    """A hash of all that an object file is made of; "" if that cannot be told.

    The folder that the compiler runs in is left out. Two that hold the same give the same code.
    """
    program = shutil.which(compilation.command[0])
    if program is None:
        return ""
    status = Path(program).stat()
    words = [word.replace(str(cwd), ".") for word in compilation.command]
    digest = hashlib.sha256(repr((program, status.st_mtime_ns, status.st_size, words, compilation.source)).encode())
    folders = [cwd / word[2:] for word in compilation.command if word.startswith("-I")]
    try:
        for name, content in _read_by(cwd / compilation.source, folders):
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
    except (OSError, _UnknownError):
        return ""
    return digest.hexdigest()


class _UnknownError(Exception):
    """A source may read a file that cannot be told."""


def _read_by(source: Path, folders: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """The files that a source includes, itself first. Headers of the system are left out: they belong to the compiler.

    A line counts even where an #if leaves it out.
    """
    todo, seen = [(source.name, source)], {source}
    while todo:
        name, path = todo.pop()
        content = path.read_bytes()
        if _READS_MORE.search(content):
            raise _UnknownError
        yield name, content
        for quoted, angled, other in _INCLUDE.findall(content):
            if other.strip():
                raise _UnknownError  # a macro names the file
            wanted = os.fsdecode(quoted or angled)
            places = [*([path.parent] if quoted else []), *folders]
            header = next((place / wanted for place in places if (place / wanted).is_file()), None)
            if header is not None and header not in seen:
                seen.add(header)
                todo.append((wanted, header))
