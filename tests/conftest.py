"""Settings of every test process, made before anything loads torch."""

import os

# As the command line does (wwtool/cli/main.py): test processes share two cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
