"""TFLM's front end, compiled for an emulated core from the source distribution of pymicro-features."""

from __future__ import annotations

import subprocess
import tarfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import click
import numpy as np

from wwtool.base.files import write_text
from wwtool.engines.machines import Machine

VERSION = "2.0.2"
_SHA256 = "0d0bed7843ec78b6ced82d1a2dcddeb4fe5df61b3af80a281d0868c8e279c727"
_PARTS = (
    "kiss_fft_int16", "fft", "fft_util", "filterbank", "filterbank_util", "frontend", "frontend_util", "log_lut",
    "log_scale", "log_scale_util", "noise_reduction", "noise_reduction_util", "pcan_gain_control",
    "pcan_gain_control_util", "window", "window_util",
)  # fmt: skip
_LINKING = ("-nostartfiles", "-T")
_HEADER = "#define NDEBUG\n#include <stdio.h>\n#define fprintf(...) 0\n"  # what it tells of errors needs a stdio


def unpacked(archive: Path, folder: Path) -> Path:
    """The sources in a source distribution, unpacked in ``folder``.

    Raises:
        click.ClickException: it is not the distribution of that version.
    """
    if sha256(archive.read_bytes()).hexdigest() != _SHA256:
        raise click.ClickException(f"{archive} is not the source distribution of pymicro-features {VERSION}")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / f"pymicro_features-{VERSION}"


def instructions(machine: Machine, root: Path, pcm: np.ndarray, expected: np.ndarray) -> int:
    """Instructions of a frame, the mean over all frames; the features must be ``expected``, (frames, 40)."""
    objects = [str(_compiled(machine, root, part)) for part in _PARTS]
    linked = replace(machine, libraries=(*objects, "-lm", "-lc", "-lgcc"))
    program = root / "program"
    linked.compile([Path(__file__).with_name("frontend_peer.c")], program, ("-O2", f"-isystem{root}"))
    raw = machine.run(program, pcm.tobytes())
    features = np.frombuffer(raw[:-8], "<u2").reshape(-1, 40)
    np.testing.assert_array_equal(features, expected)
    whole, empty = np.frombuffer(raw[-8:], "<u4").astype(np.int64)
    return int((whole - empty) * machine.instructions_a_tick // len(features))


def _compiled(machine: Machine, root: Path, part: str) -> Path:
    """The object file of one part, for the machine's core."""
    header, target = root / "quiet.h", root / f"{machine.target}-{part}.o"
    write_text(header, _HEADER)
    flags = [f for f in machine.flags if f not in _LINKING and not f.startswith("-Wl") and not f.endswith(".ld")]
    compiler = machine.compiler.replace("gcc", "g++")
    source = root / "tensorflow" / "lite" / "experimental" / "microfrontend" / "lib" / f"{part}.cc"
    command = [
        compiler, *flags, "-O2", "-fno-exceptions", "-fno-rtti", "-DFIXED_POINT=16", "-include", str(header),
        f"-I{root}", f"-I{root / 'kissfft'}", "-c", str(source), "-o", str(target),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise click.ClickException(f"{compiler} cannot compile {source.name}: {done.stderr.strip()[:400]}")
    return target
