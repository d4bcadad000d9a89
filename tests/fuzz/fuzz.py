"""Compiles mutants within limits of time and memory, and compares what compiles with LiteRT. Not a test.

python tests/fuzz/fuzz.py NUMBER...           replays mutants, and writes each as mutant_NUMBER.tflite
python tests/fuzz/fuzz.py --range FROM TO     tries all of a range, as the tests do
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import string
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "unit")]

import numpy as np
from graphs import SANITIZED
from mutants import mutant

from wwtool.compiler.package import compile_graph
from wwtool.compiler.report import make_report
from wwtool.compiler.targets import TARGETS
from wwtool.engines.interface import as_inputs, ports
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.native import NativeEngine
from wwtool.engines.random_rows import random_rows
from wwtool.errors import InputError, WwtoolError
from wwtool.tflite.reader import parse_model

COMPILED, REFUSED = "compiled", "refused"
_IN_C = frozenset(string.printable)
_SECONDS = 4.0  # of processor time, for files of a few kilobytes
_MEMORY_BYTES = 256 << 20  # beyond what the process has before
_COMPARED_ARENA_BYTES = 1 << 16
_COMPARED_SECONDS, _COMPARED_MEMORY_BYTES = 20, 4 << 30  # of every process


class _Late(BaseException):
    """The time is over; no handler of errors takes it for one."""


def outcomes(numbers: Iterable[int]) -> Iterator[tuple[int, str]]:
    """What becomes of every mutant: COMPILED, REFUSED, or what is wrong."""
    waiting = list(numbers)
    while waiting:  # a process that dies is a failure, too, and another one goes on
        done = 0
        for number, outcome in _in_child(waiting):
            yield number, outcome
            done += 1
        if done < len(waiting):
            yield waiting[done], "the process died"
            done += 1
        waiting = waiting[done:]


def failures(numbers: Iterable[int]) -> list[str]:
    """The mutants with another outcome than the two that are right, as lines that tell how to replay them."""
    wrong = [(number, outcome) for number, outcome in outcomes(numbers) if outcome not in (COMPILED, REFUSED)]
    return [f"python tests/fuzz/fuzz.py {number}: {outcome}" for number, outcome in wrong]


def _in_child(numbers: list[int]) -> Iterator[tuple[int, str]]:
    receiving, sending = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            os.close(receiving)
            _limit_memory(_MEMORY_BYTES)
            with os.fdopen(sending, "w", buffering=1) as lines:
                for number in numbers:
                    lines.write(f"{number}\t{_outcome(number)}\n")
        finally:
            os._exit(0)
    os.close(sending)
    with os.fdopen(receiving) as lines:
        for line in lines:
            label, outcome = line.rstrip("\n").split("\t")
            yield int(label), outcome
    os.waitpid(child, 0)


def _limit_memory(more: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more,) * 2)


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def late(number: int, frame: FrameType | None) -> None:
        raise _Late

    signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _outcome(number: int) -> str:
    content = mutant(number)
    try:
        with _limited(_SECONDS), warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled(content, number)
        return COMPILED
    except WwtoolError as error:
        return REFUSED if str(error) else "an error without a sentence"
    except _Late:
        return f"takes more than {_SECONDS} s"
    except BaseException as error:
        where, said = traceback.extract_tb(error.__traceback__)[-1], " ".join(str(error).split())
        return f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}: {said[:200]}"


def compiled(content: bytes, number: int) -> None:
    """Compiles for a core, and checks that no name of the file has come into the C."""
    model = compile_graph(parse_model(content), "mutant", TARGETS[number % len(TARGETS)])
    make_report(model)
    assert all(text.isascii() and set(text) <= _IN_C for text in model.files.values()), "characters that C has not"


def differences(numbers: Iterable[int], most: int) -> tuple[int, list[str]]:
    """Runs up to ``most`` mutants that compile, in C and in LiteRT; how many LiteRT ran, and those that differ."""
    ran, wrong = 0, []
    for number, outcome in outcomes(numbers):
        if outcome == COMPILED and ran < most:
            said = _apart(partial(_difference, mutant(number)))
            ran += said == ""
            if said not in ("", "LiteRT"):
                wrong.append(f"python tests/fuzz/fuzz.py {number}: {said}")
    return ran, wrong


def _apart(work: Callable[[], str]) -> str:
    """What ``work`` says in a process of its own; "LiteRT" if that dies, as only LiteRT runs in it."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(receiving)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            resource.setrlimit(resource.RLIMIT_CPU, (_COMPARED_SECONDS,) * 2)
            said = work()
            with os.fdopen(sending, "w") as pipe:
                pipe.write(said or "equal")
        finally:
            os._exit(0)
    os.close(sending)
    with os.fdopen(receiving) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return {"": "LiteRT", "equal": ""}.get(said, said)


def _difference(content: bytes) -> str:
    """ "" if C and LiteRT give the same bytes, "LiteRT" if that does not run the model."""
    graph = parse_model(content)
    if compile_graph(graph, "mutant").memory.arena_bytes > _COMPARED_ARENA_BYTES:
        return "LiteRT"
    rows = random_rows(graph, 3)
    try:
        with NativeEngine(content, flags=SANITIZED) as native:
            found = native.run_all(rows)
    except WwtoolError as error:
        return f"the C does not run: {' '.join(str(error).split())[:300]}"
    _limit_memory(_COMPARED_MEMORY_BYTES)  # not before: sanitized programs take terabytes of addresses
    try:
        expected = LiteRtEngine(content).run_all(as_inputs(ports(graph, graph.inputs), rows))
    except (InputError, RuntimeError, ValueError):
        return "LiteRT"
    for n, (a, b) in enumerate(zip(found, expected, strict=True)):
        if a.shape != b.shape or a.dtype != b.dtype or not np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
            return f"output {n} differs from LiteRT's"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description="Compile mutants of models.")
    parser.add_argument("numbers", type=int, nargs="*")
    parser.add_argument("--range", type=int, nargs=2, metavar=("FROM", "TO"))
    parser.add_argument("--compare", type=int, default=0, metavar="MOST", help="of the range, with LiteRT")
    options = parser.parse_args()
    for number in options.numbers:
        content = mutant(number)
        Path(f"mutant_{number}.tflite").write_bytes(content)
        said = _outcome(number)
        print(number, said, _apart(partial(_difference, content)) if said == COMPILED else "")
        try:
            compiled(content, number)
        except Exception:
            traceback.print_exc()
    if options.range:
        found = dict(outcomes(range(*options.range)))
        for number, said in found.items():
            if said not in (COMPILED, REFUSED):
                print(number, said)
        print(*(f"{said}: {list(found.values()).count(said)}" for said in (COMPILED, REFUSED)))
        if options.compare:
            ran, wrong = differences(range(*options.range), options.compare)
            print(f"{ran} equal to LiteRT's", *wrong, sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
