#!/usr/bin/env python3
"""Stand-in for `idf.py -C PROJECT -B BUILD build`."""

from __future__ import annotations

import subprocess
import sys

_, project, _, build, what = sys.argv[1:]
assert [sys.argv[1], sys.argv[3], what] == ["-C", "-B", "build"]
subprocess.run(["cmake", "-S", project, "-B", build, "-DCMAKE_BUILD_TYPE=Debug"], check=True)
subprocess.run(["cmake", "--build", build, "-j", "2"], check=True)
