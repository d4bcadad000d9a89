"""Settings of every test process, made before anything loads torch."""

import os
import signal
import tempfile
from pathlib import Path

import pytest

# As the command line does (wwtool/cli/main.py): test processes share two cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Tests hear no voices that the user of this machine has installed.
os.environ["WWTOOL_HOME"] = str(Path(tempfile.gettempdir()) / "wwtool-tests-have-no-home")

# A shell starts what runs in its background deaf to Ctrl-C, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

_SLOW_TIMEOUT_S = 1200


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A slow test gets more time than `timeout` of pyproject.toml."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.timeout(_SLOW_TIMEOUT_S))
