"""``wwtool doctor``: what each platform needs, and the commands that would get what is missing."""

from __future__ import annotations

import os
import sys

import pytest

from wwtool.device.flash.tools import FLASH_TOOLS
from wwtool.doctor import fix
from wwtool.doctor.findings import Finding, examine
from wwtool.platforms.load import load_platform, load_platforms

EVERYWHERE = {"C compiler", "espeak-ng", "flite", "festival", "CUDA"}


@pytest.mark.parametrize(
    ("platform", "needs", "not_for_it"),
    [
        ("pico", {"arm-none-eabi-gcc", "Node.js", "rp2040js", "picotool", "drive RPI-RP2"}, {"bossac", "unicorn"}),
        ("nano33ble", {"arm-none-eabi-gcc", "unicorn", "bossac", "openocd", "pyocd"}, {"rp2040js", "picotool"}),
        ("esp32s3", {"xtensa-lx106-elf-gcc", "esptool", "qemu-system-xtensa"}, {"arm-none-eabi-gcc", "bossac"}),
        ("esp32s3_psram", {"xtensa-lx106-elf-gcc", "esptool", "qemu-system-xtensa"}, {"openocd"}),
        ("host", {"C compiler"}, {"arm-none-eabi-gcc", "esptool", "serial ports"}),
    ],
)
def test_what_a_platform_needs(platform: str, needs: set[str], not_for_it: set[str]) -> None:
    names = {finding.tool for finding in examine(load_platform(platform))}
    assert names >= needs | EVERYWHERE
    assert not names & not_for_it


def test_without_a_platform_it_is_what_all_of_them_need() -> None:
    assert {f.tool for f in examine()} == {f.tool for p in load_platforms() for f in examine(p)}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="groups decide on Linux")
def test_who_may_use_serial_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    import grp

    group = type("Group", (), {"gr_name": "dialout", "gr_gid": 20})
    monkeypatch.setattr(grp, "getgrall", lambda: [group])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getegid", lambda: 1000)
    for groups, expected in (([1000], False), ([1000, 20], True)):
        monkeypatch.setattr(os, "getgroups", lambda groups=groups: groups)
        [finding] = [f for f in examine(load_platform("pico")) if f.tool == "serial ports"]
        assert finding.found is expected
        assert finding.remedy.startswith("sudo usermod -aG dialout")


def _missing(tool: str, remedy: str, alternative: bool = False) -> Finding:
    return Finding(tool, "", "build", (), False, "", remedy, False, alternative)


def test_commands() -> None:
    wanted = [
        _missing("a", "apt-get install one two"),
        _missing("b", "apt-get install two three"),
        _missing("c", "pip install 'x>=5'"),
        _missing("d", "npm install --prefix here y@1"),
        _missing("h", "wwtool voices get kokoro"),
        _missing("e", "https://example.org"),
        _missing("f", "apt-get install four", alternative=True),
        Finding("g", "", "build", (), True, "", "apt-get install five"),
    ]
    apt = ["install", "-y", "--no-install-recommends", "one", "two", "three"]
    others = [
        ["npm", "install", "--prefix", "here", "y@1"],
        [sys.executable, "-m", "pip", "install", "x>=5"],
        [sys.executable, "-P", "-m", "wwtool", "voices", "get", "kokoro"],
    ]
    assert fix.commands(wanted, None) == others
    assert fix.commands(wanted, []) == [["apt-get", "update", "-qq"], ["apt-get", *apt], *others]
    assert fix.commands(wanted, ["sudo", "-n"])[1] == ["sudo", "-n", "apt-get", *apt]
    assert fix.commands(wanted[-3:], []) == []


def test_every_remedy_is_a_line_or_a_place() -> None:
    for line in (tool.tool.remedy for tool in FLASH_TOOLS.values() if tool.tool):
        assert line.startswith(("apt-get install ", "pip install ", "https://", "arduino-cli "))
