"""Programs that wwtool starts: as what, and where.

Many tools read settings, scripts and modules from the folder they are started in, so they are started where nothing
lies that somebody else has put there.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

# For programs that run long: nobody but the system's administrator puts anything there.
NEUTRAL_FOLDER = Path(os.sep).absolute()


def python_module(name: str) -> list[str]:
    """The words that run an installed module as a program; -P keeps the folder it is started in off its path."""
    return [sys.executable, "-P", "-m", name]
