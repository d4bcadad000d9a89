"""``wwtool doctor`` on a machine with nothing but what a test puts there, with package managers that are scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from cli import Result, run_here
from fake_boards import Bench

from wwtool.base import tools
from wwtool.doctor import fix
from wwtool.emulators import pico

Doctor = Callable[..., Result]
PIP = f"{sys.executable} -m pip"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A machine with nothing on PATH but what a test puts there; the user is root."""
    bench = Bench(tmp_path / "bench")
    bench.install(monkeypatch.setattr)
    monkeypatch.setenv("PATH", str(bench.bin))
    monkeypatch.setenv("PYTHONPATH", str(bench.modules), prepend=os.pathsep)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("WWTOOL_RP2040JS", raising=False)
    monkeypatch.setattr(pico, "_candidates", lambda: iter([bench.folder]))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    bench.module("pip")
    bench.tool("wwtool")  # which gets voices
    monkeypatch.setattr(fix, "python_module", lambda name: [name])
    return bench


@pytest.fixture
def doctor(bench: Bench, capsys: pytest.CaptureFixture[str]) -> Doctor:
    return partial(run_here, capsys, "doctor")


def _tools(result: Result) -> dict[str, dict[str, object]]:
    value = json.loads(result.out)
    assert (value["schema"], value["version"]) == ("wwtool.doctor", 2)
    return {tool["tool"]: tool for tool in value["tools"]}


def test_required_is_what_a_platform_is_built_with(bench: Bench, doctor: Doctor) -> None:
    for platform, compiler in (("pico", "arm-none-eabi-gcc"), ("esp32s3", "xtensa-lx106-elf-gcc")):
        result = doctor("--platform", platform, "--json")
        assert result.code == 5
        required = {name for name, tool in _tools(result).items() if tool["required"] and not tool["found"]}
        assert required == {"C compiler", compiler}
        assert result.err.startswith("error: C compiler, ") and compiler in result.err
    bench.tool("cc")
    assert doctor("--json").code == 0, "of no board that is not asked for is anything missed"


def test_versions_and_remedies(bench: Bench, doctor: Doctor) -> None:
    bench.tool("cc", "print('cc (Test) 1.2.3')")
    bench.tool("node", "print('v99.0.0')")
    bench.tool("bossac", "# nRF52840\nsys.exit('unknown option')")
    found = _tools(doctor("--json"))
    assert (found["C compiler"]["found"], found["C compiler"]["detail"]) == (True, "cc (Test) 1.2.3")
    assert found["Node.js"]["detail"] == "v99.0.0"
    assert found["bossac"]["detail"] == str(bench.bin / "bossac")
    assert found["rp2040js"]["remedy"] == pico.INSTALL_COMMAND
    assert "apt-get install qemu-system-misc" in doctor().out.replace("\n", " ")


def test_a_compiler_without_its_c_library_is_missing(bench: Bench, doctor: Doctor) -> None:
    bench.tool("arm-none-eabi-gcc", "print('nano.specs')")
    assert not _tools(doctor("--json"))["arm-none-eabi-gcc"]["found"]
    bench.tool("arm-none-eabi-gcc", "print('/usr/lib/nano.specs')")
    assert _tools(doctor("--json"))["arm-none-eabi-gcc"]["found"]


def test_a_pico_that_waits_is_told(bench: Bench, doctor: Doctor) -> None:
    assert not _tools(doctor("--json"))["drive RPI-RP2"]["found"]
    drive = bench.mount("RPI-RP2", "RPI-RP2")
    assert _tools(doctor("--json"))["drive RPI-RP2"]["detail"] == str(drive)


# --fix

APT = """
if words[0] == 'install':
    for name in ('gcc', 'nodejs', 'qemu-system-arm'):
        if name in words:
            bench.tool({'gcc': 'cc', 'nodejs': 'node'}.get(name, name), 'print("new")')
    if 'gcc-arm-none-eabi' in words:
        bench.tool('arm-none-eabi-gcc', 'print("/usr/lib/nano.specs")')
    if 'npm' in words:
        bench.tool('npm', NPM)
print('this is not the result')
"""
NPM = "(bench.folder / 'rp2040js/dist/esm').mkdir(parents=True); (bench.folder / 'rp2040js/dist/esm/index.js').touch()"


@pytest.fixture
def apt(bench: Bench) -> Bench:
    bench.tool("apt-get", f"NPM = {NPM!r}\n{APT}")
    return bench


def test_fix_as_root(apt: Bench, doctor: Doctor) -> None:
    result = doctor("--platform", "pico", "--fix", "--json")
    assert result.code == 0, result.err
    found = _tools(result)
    for tool in ("C compiler", "arm-none-eabi-gcc", "Node.js", "rp2040js", "qemu-system-arm"):
        assert found[tool]["found"], tool
    calls = [call for call in apt.calls() if call[1] in ("update", "install", "voices") and call[0] != "pip"]
    update, install, npm, get = calls
    assert update == ["apt-get", "update", "-qq"]
    assert install[:4] == ["apt-get", "install", "-y", "--no-install-recommends"]
    assert {"gcc", "gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "nodejs", "npm"} < set(install)
    assert not {"openocd", "qemu-system-misc"} & set(install), "alternatives, and what other boards need"
    assert " ".join(npm) == pico.INSTALL_COMMAND
    shown = [line[2:] for line in result.err.splitlines() if line.startswith("$ ") and " -m pip " not in line]
    assert shown == [" ".join(call) for call in (update, install, npm, get)]
    assert get == ["wwtool", "voices", "get", "kokoro", "people-prompts", "people-letters", "people-stamps"]
    assert not found["flite"]["found"], "what was installed is looked at again, not believed"
    apt.folder.joinpath("calls.jsonl").unlink()
    again = doctor("--platform", "pico", "--fix")
    assert again.code == 0
    assert "gcc" not in next(call for call in apt.calls() if call[1] == "install")


def test_fix_with_pip_into_the_running_interpreter(
    bench: Bench, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.tool("cc")
    bench.tool("arm-none-eabi-gcc", "print('/nano.specs')")
    origin = tools._origin
    monkeypatch.setattr(tools, "_origin", lambda name: None if name == "unicorn" else origin(name))
    result = doctor("--platform", "nano33ble", "--fix")
    (plain,) = [call for call in bench.calls() if call[:2] == ["pip", "install"] and "unicorn" in call]
    assert f"$ {PIP} install {' '.join(plain[2:])}\n" in result.err


def test_fix_without_the_right_to_use_apt(
    apt: Bench, doctor: Doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    result = doctor("--platform", "pico", "--fix")
    assert result.code == 5
    assert "run this line, then wwtool doctor again: sudo apt-get install gcc gcc-arm-none-eabi" in result.err
    assert "Traceback" not in result.err
    assert [call[0] for call in apt.calls()].count("apt-get") == 0
    apt.tool("sudo", "sys.exit(1)")
    assert doctor("--platform", "pico", "--fix").code == 5
    apt.tool("sudo", "os.execvp(words[1], words[1:]) if words != ['-n', 'true'] else None")
    result = doctor("--platform", "pico", "--fix")
    assert result.code == 0, result.err
    assert "$ sudo -n apt-get install -y" in result.err


def test_fix_where_there_is_no_apt(bench: Bench, doctor: Doctor) -> None:
    result = doctor("--platform", "esp32s3", "--fix")
    assert result.code == 5
    assert "with your package manager what Debian calls gcc gcc-xtensa-lx106" in result.err


def test_a_failing_installer_does_not_keep_the_others(apt: Bench, doctor: Doctor) -> None:
    apt.tool("apt-get", "sys.exit(100 if words[0] == 'install' else 7)")
    apt.tool("npm", "sys.exit(3)")
    result = doctor("--platform", "pico", "--fix", "--json")
    assert result.code == 5
    assert "'apt-get install -y" in result.err and "status 100" in result.err
    assert "'npm install --prefix" in result.err and "status 3" in result.err
    assert "update" not in result.err.rpartition("error: ")[2], "apt may have what it needs without"
    assert _tools(result)


def test_what_installers_print_is_not_the_result(apt: Bench, tmp_path: Path) -> None:
    """As a program: their output goes to standard error."""
    code = "import sys; from wwtool.doctor.fix import _run; sys.exit(_run(['apt-get', 'install', 'gcc']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "this is not the result" in done.stderr
