#!/usr/bin/env python3
"""Stand-in for `idf.py -C PROJECT [-B BUILD] build [flash monitor]`: the monitor shows what the program says."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("-C", dest="project", type=Path, required=True)
parser.add_argument("-B", dest="build", type=Path)
parser.add_argument("what", nargs="+", choices=["build", "flash", "monitor"])
words = parser.parse_args()
build = words.build or words.project / "build"
subprocess.run(["cmake", "-S", words.project, "-B", build, "-DCMAKE_BUILD_TYPE=Debug"], check=True)
subprocess.run(["cmake", "--build", build, "-j", "2"], check=True)
if "monitor" in words.what:
    (name,) = re.findall(r"^project\((\w+)\)", (words.project / "CMakeLists.txt").read_text(), re.MULTILINE)
    with Path(os.environ["STAND_IN_AUDIO"]).open("rb") as audio:
        subprocess.run([build / f"{name}.elf"], stdin=audio, check=True)
