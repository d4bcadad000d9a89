"""Worker processes that end with their parent: no orphans after a kill, no tracebacks after Ctrl-C."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from pathlib import Path

from wwtool.base.search_paths import leave_out_working_directory
from wwtool.base.temporary import TemporaryFolder, work_below
from wwtool.errors import InputError


@contextmanager
def worker_pool(count: int) -> Iterator[ProcessPoolExecutor]:
    """Starts ``count`` new processes; if the block fails, they are killed at once.

    Their temporary files lie in one folder, which is removed at the end, however they ended.

    Raises:
        InputError: the system has killed one of them.
    """
    leave_out_working_directory()  # Python starts them with -c, which would look there for modules
    with TemporaryFolder("workers") as folder:
        others, executor = set(multiprocessing.active_children()), None
        try:
            with _no_interrupts():  # nor between the executor's semaphores, which would be left
                executor = ProcessPoolExecutor(
                    count, multiprocessing.get_context("spawn"), initializer=_start_worker, initargs=(str(folder),)
                )
                # The executor starts a process for each task that no idle process can take. Processes that start here
                # inherit the mask, so only the parent handles Ctrl-C, which the terminal sends to all of them.
                for _ in range(count):
                    executor.submit(time.sleep, 0)
            yield executor
        except BaseException as error:
            if executor is None:
                raise
            results = executor._result_queue
            executor.shutdown(wait=False, cancel_futures=True)
            for process in set(multiprocessing.active_children()) - others:
                process.kill()
            # One that was killed while it sent a result has left half of it in the pipe. The executor would wait for
            # the rest, and the program for the executor, as long as anybody could still write it.
            with suppress(OSError):
                results._writer.close()  # type: ignore[attr-defined]  # it has no public name
            if isinstance(error, BrokenProcessPool):
                raise InputError(
                    "a worker process was killed, most likely by the system because memory ran out; free some memory "
                    "and run the same command again (a Python script that runs a job must do so below "
                    "if __name__ == '__main__', because worker processes import it)"
                ) from error
            raise
        finally:
            if executor is not None:
                executor.shutdown(wait=True)


@contextmanager
def _no_interrupts() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Python starts its resource tracker with the first process, and that unblocks interrupts.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(folder: str) -> None:
    private = work_below(Path(folder))
    threading.Thread(target=_end_with_parent, args=(private,), daemon=True).start()


def _end_with_parent(private: Path) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    # The parent was killed, so this worker would wait for work for ever. Its files vanish now; nobody needs to read
    # what it says about that.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    shutil.rmtree(private, ignore_errors=True)
    with suppress(OSError):  # only the last worker can remove these
        private.parent.rmdir()
        private.parent.parent.rmdir()
    os._exit(1)
