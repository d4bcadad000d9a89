"""Modules, programs and packages that lie where somebody works or in a build: wwtool starts none of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fake_boards import Bench
from flash_bench import NANO_LOADER, S3, Flash, make_build

from wwtool.base import tools
from wwtool.emulators import pico
from wwtool.engines.machines import picolibc
from wwtool.errors import ToolError

# What wwtool and what it starts import, from Python's library, from packages, and what only some machines have.
MODULES = (
    "__future__", "click", "esptool", "json", "multiprocessing", "numpy", "pip", "pyocd", "rich", "serial",
    "shutil", "subprocess", "tempfile", "torch", "unicorn", "usercustomize", "yaml",
)  # fmt: skip
PROGRAMS = (
    "arecord", "arm-none-eabi-gcc", "arm-none-eabi-size", "as", "bossac", "cc", "esptool", "flite", "gcc", "ld", "make",
    "node", "openocd", "picotool", "pyocd", "qemu-arm", "qemu-system-arm", "qemu-system-xtensa", "setpriv",
    "xtensa-lx106-elf-gcc",
)  # fmt: skip
STARTS = {
    "module": [sys.executable, "-m", "wwtool"],
    "program": [str(Path(sys.executable).with_name("wwtool"))],
    "statement": [sys.executable, "-c", "from wwtool.cli.main import main; main()"],
}


class Trap:
    """A folder full of things that leave their name in ``sprung`` if they are run."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._sprung = folder, folder.parent / "sprung"
        for name in MODULES:
            self.module(folder / f"{name}.py")
        (folder / "evil.pth").write_text(f"import os; os.system('echo pth >> {self._sprung}')\n")
        for name in PROGRAMS:
            self.program(folder / name)
        script = f"require('fs').appendFileSync({str(self._sprung)!r}, 'node ');"
        (folder / "evil.js").write_text(script)
        for place in ("node_modules", "build/node_modules", "build/emulators/node_modules"):
            package = folder / place / "rp2040js" / "dist" / "esm"
            package.mkdir(parents=True)
            (package / "index.js").write_text(script)

    def module(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"open({str(self._sprung)!r}, 'a').write({path.name + ' '!r})\nraise SystemExit(0)\n")

    def program(self, path: Path) -> None:
        path.write_text(f"#!/bin/sh\necho {path.name} >> '{self._sprung}'\n")
        path.chmod(0o755)

    @property
    def sprung(self) -> str:
        return self._sprung.read_text() if self._sprung.exists() else ""

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    (tmp_path / "work").mkdir()
    return Trap(tmp_path / "work")


@pytest.mark.parametrize("start", STARTS)
def test_nothing_of_the_working_directory_is_imported(trap: Trap, start: str) -> None:
    done = trap.run(*STARTS[start], "doctor", "--json")
    assert (trap.sprung, done.stderr) == ("", "")
    assert '"wwtool.doctor"' in done.stdout


@pytest.mark.parametrize("entry", ["{}:.", ".:{}", ":{}", "{}:", "x:{}::"])
def test_an_empty_or_relative_entry_of_a_search_path(trap: Trap, entry: str) -> None:
    """As "$VARIABLE:/more" makes where the variable is not set."""
    variables = {name: entry.format("/nonesuch") for name in ("PYTHONPATH", "NODE_PATH", "CPATH")}
    # Python itself looks there before wwtool runs: for what it imports of its own accord there is no remedy.
    for name in ("__future__", "json", "multiprocessing", "shutil", "subprocess", "tempfile", "usercustomize"):
        trap.folder.joinpath(f"{name}.py").unlink()
    words = ["compile", "nonesuch.tflite", "-o", "out"]
    done = trap.run(*STARTS["program"], *words, PATH=entry.format(os.environ["PATH"]), **variables)
    assert (trap.sprung, done.returncode) == ("", 4), done.stderr


def test_a_path_of_nothing_but_the_working_directory_finds_nothing(trap: Trap) -> None:
    done = trap.run(*STARTS["program"], "compile", "x.tflite", "-o", "out", PATH=".:")
    assert (trap.sprung, done.returncode) == ("", 4)
    done = trap.run(*STARTS["program"], "doctor", PATH=".:")
    assert (trap.sprung, done.returncode) == ("", 5)


def test_worker_processes(trap: Trap) -> None:
    script = trap.folder.parent / "script.py"
    script.write_text(
        "from wwtool.base.processes import worker_pool\n"
        "if __name__ == '__main__':\n"
        "    with worker_pool(2) as pool: print(list(pool.map(abs, [-1, 2])))\n"
    )
    done = trap.run(sys.executable, str(script))
    assert (trap.sprung, done.stdout, done.stderr) == ("", "[1, 2]\n", "")


def _budget(trap: Trap, platform: str, start: str = "module") -> None:
    """A dry build: compilers, esptool, an emulator."""
    words = ["budget", "--platform", platform, "--model", "tcn32", "--no-cache"]
    done = trap.run(*STARTS[start], *words, PATH=f".:{os.environ['PATH']}", NODE_OPTIONS="--require ./evil.js")
    assert (trap.sprung, done.stderr, done.returncode) == ("", "", 0)
    assert "estimated by" not in done.stdout


@pytest.mark.skipif(
    not picolibc() or not shutil.which("qemu-system-xtensa"), reason="the Xtensa compiler or QEMU is missing"
)
def test_a_dry_build_with_esptool_and_qemu(trap: Trap) -> None:
    _budget(trap, "esp32s3")


@pytest.mark.skipif(not shutil.which("arm-none-eabi-gcc"), reason="arm-none-eabi-gcc is missing")
def test_a_dry_build_with_unicorn(trap: Trap) -> None:
    _budget(trap, "nano33ble", "program")


@pytest.mark.skipif(not shutil.which("arm-none-eabi-gcc"), reason="arm-none-eabi-gcc is missing")
def test_a_dry_build_with_node(trap: Trap) -> None:
    try:
        pico.find_rp2040js()
    except ToolError as error:
        pytest.skip(str(error))
    _budget(trap, "pico", "statement")


def test_node_takes_nothing_from_the_working_directory(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trap.folder)
    monkeypatch.setattr(pico, "_prefix", lambda: trap.folder.parent / "prefix")
    monkeypatch.setenv("HOME", str(trap.folder.parent))
    with pytest.raises(ToolError, match="npm install --prefix /"):
        pico.find_rp2040js()


@pytest.mark.parametrize(
    ("platform", "tool", "port", "said"),
    [("esp32s3", "esptool", S3, ""), ("nano33ble", "pyocd", None, "print('100 bytes match')")],
)
def test_a_flashing_tool_runs_beside_a_copy_of_the_image_alone(
    bench: Bench, run: Flash, tmp_path: Path, board: str, monkeypatch: pytest.MonkeyPatch, platform: str, tool: str,
    port: str | None, said: str,
) -> None:  # fmt: skip
    """Of what lies beside the image, pyocd would run ``pyocd_user.py``, and esptool read ``esptool.cfg``."""
    build = make_build(tmp_path / "b", platform)
    trap = Trap(build / "image")
    (build / "image" / "pyocd_user.py").write_text("raise SystemExit(0)")
    monkeypatch.setattr(tools, "_origin", lambda _: "installed")
    bench.plug(board, port or NANO_LOADER)
    seen = tmp_path / "seen"
    bench.module(tool, f"open({str(seen)!r}, 'a').write(repr(sorted(os.listdir())) + os.getcwd() + '\\n'); {said}")
    run(build, "--tool", tool)
    lines = seen.read_text().splitlines()
    assert len(lines) == 2, "written and verified by the installed tool"
    assert {line.partition("]")[0] for line in lines} <= {"['hey.bin'", "['hey.hex'"}
    assert str(tmp_path) not in lines[0].partition("]")[2]
    assert trap.sprung == ""


def test_installing_what_is_missing(trap: Trap, bench: Bench, tmp_path: Path) -> None:
    bench.module("pip")
    done = trap.run(
        sys.executable, "-P", "-c",
        "from wwtool.doctor.fix import _run; import sys; sys.exit(_run([sys.executable, '-m', 'pip', 'install', 'x']))",
    )  # fmt: skip
    assert (trap.sprung, done.stderr, done.returncode) == ("", "", 0)
    assert bench.calls() == [["pip", "install", "x"]]
