"""How wwtool starts other programs, and in which folder.

Many tools read settings, scripts and modules from the folder that they start in. So wwtool starts them in a folder
where nobody else can have put any.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

# For programs that run long: only the system's administrator can put anything there.
NEUTRAL_FOLDER = Path(os.sep).absolute()


def python_module(name: str) -> list[str]:
    """The command that runs an installed module; -P keeps the folder that it starts in off its path."""
    return [sys.executable, "-P", "-m", name]
