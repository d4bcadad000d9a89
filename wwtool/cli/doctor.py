"""``wwtool doctor``."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec

import click
from rich.table import Table

from wwtool.cli.common import console, print_json
from wwtool.data.engines import engines
from wwtool.device.emulators import esp32s3, nano, pico
from wwtool.engines.machines import XTENSA_PACKAGES, emulated, host_compiler, picolibc
from wwtool.errors import ToolError


@dataclass(frozen=True)
class Finding:
    """One tool: what it is for, whether it is there, and how to get it."""

    tool: str
    purpose: str
    found: bool
    detail: str
    remedy: str
    required: bool


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> None:
    """Show which compilers, emulators and synthesisers are found, and how to get what is missing."""
    findings = examine()
    if as_json:
        print_json("doctor", 1, {"tools": [asdict(f) for f in findings]})
    else:
        table = Table(box=None, pad_edge=False)
        for column in ("", "TOOL", "FOR", "FOUND"):
            table.add_column(column)
        for f in findings:
            mark = "[green]✓[/green]" if f.found else "[red]✗[/red]" if f.required else "[yellow]-[/yellow]"
            table.add_row(mark, f.tool, f.purpose, f.detail if f.found else f"get it: {f.remedy}")
        console().print(table)
    missing = [f.tool for f in findings if f.required and not f.found]
    if missing:
        raise ToolError(f"{', '.join(missing)} missing; the lines above say how to get them")


def examine() -> list[Finding]:
    """Looks for everything wwtool can use."""
    voices = engines()
    return [
        _program("C compiler", "running generated C on this machine", host_compiler, "apt-get install gcc"),
        _command(
            "arm-none-eabi-gcc",
            "firmware for the Pico and the Nano 33 BLE",
            "apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi",
        ),
        Finding(
            "xtensa-lx106-elf-gcc",
            "firmware for the ESP32-S3",
            bool(picolibc()),
            _version("xtensa-lx106-elf-gcc"),
            f"apt-get install {XTENSA_PACKAGES}",
            False,
        ),
        Finding(
            "esptool",
            "images for the ESP32-S3",
            find_spec("esptool") is not None,
            "comes with wwtool",
            "pip install 'esptool>=5'",
            False,
        ),
        Finding(
            esp32s3.QEMU,
            "the emulated ESP32-S3",
            shutil.which(esp32s3.QEMU) is not None,
            _version(esp32s3.QEMU),
            f"apt-get install {esp32s3.PACKAGE}",
            False,
        ),
        _program("Node.js", "the emulated Pico", lambda: str(pico.find_node()), "apt-get install nodejs npm", False),
        _program("rp2040js", "the emulated Pico", lambda: str(pico.find_rp2040js()), pico.INSTALL_COMMAND, False),
        _program("Unicorn", "the emulated Nano 33 BLE", nano.find_unicorn, nano.INSTALL_COMMAND, False),
        *_measuring(),
        Finding(
            "espeak-ng",
            "synthetic speech",
            "espeak" in voices,
            "comes with wwtool",
            "pip install espeakng-loader",
            True,
        ),
        Finding("flite", "more natural voices", "flite" in voices, "on PATH", "apt-get install flite", False),
        Finding("festival", "more natural voices", "festival" in voices, "on PATH", "apt-get install festival", False),
        _gpu(),
    ]


def _measuring() -> list[Finding]:
    """What counts instructions of compiled models, beyond the Arm compiler."""
    arm, xtensa = emulated("cortex-m4"), emulated("xtensa")
    tools = [(arm, arm.emulator[0]), (xtensa, xtensa.compiler), (xtensa, xtensa.emulator[0])]
    return [
        Finding(
            tool,
            f"instructions of models for {'Arm' if machine is arm else 'Xtensa'}",
            shutil.which(tool) is not None,
            _version(tool),
            f"apt-get install {machine.packages}",
            False,
        )
        for machine, tool in tools
    ]


def _program(tool: str, purpose: str, find: Callable[[], str], remedy: str, required: bool = True) -> Finding:
    try:
        where = find()
    except ToolError:
        return Finding(tool, purpose, False, "", remedy, required)
    return Finding(tool, purpose, True, _version(where) or where, remedy, required)


def _command(name: str, purpose: str, remedy: str) -> Finding:
    return Finding(name, purpose, shutil.which(name) is not None, _version(name), remedy, True)


def _version(command: str) -> str:
    if shutil.which(command) is None:
        return ""
    try:
        result = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.splitlines()[0].strip() if result.stdout else ""


def _gpu() -> Finding:
    import torch

    found = torch.cuda.is_available()
    name = torch.cuda.get_device_name(0) if found else ""
    return Finding("CUDA", "faster training", found, name, "not needed; training runs on the CPU", False)
