"""Settings of every test process, made before anything loads torch."""

import os
import tempfile
from pathlib import Path

# As the command line does (wwtool/cli/main.py): test processes share two cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Tests hear no voices that the user of this machine has installed.
os.environ["WWTOOL_HOME"] = str(Path(tempfile.gettempdir()) / "wwtool-tests-have-no-home")
