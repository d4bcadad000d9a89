"""``wwtool platforms``."""

from __future__ import annotations

import click
from pydantic import BaseModel

from wwtool.cli.common import json_option
from wwtool.cli.terminal import Table, Terminal, console, line, print_json, styled
from wwtool.config import BoardConfig
from wwtool.doctor.profiles import load_profile
from wwtool.emulators import emulator_of
from wwtool.platforms.load import load_platforms
from wwtool.platforms.profile import Platform
from wwtool.platforms.silicon import count_seen
from wwtool.platforms.wiring import wiring_lines


class PlatformOutput(Platform):
    """``platforms NAME --json``: a profile, and whether wwtool has the board's code."""

    builds: bool


class PlatformsOutput(BaseModel):
    """``platforms --json``."""

    platforms: list[PlatformOutput]


@click.command()
@click.argument("name", required=False)
@json_option
def platforms(name: str | None, as_json: bool) -> None:
    """List the platform profiles, or show the one called NAME, which may be a .yaml of your own."""
    if name is not None:
        platform = load_profile(name)
        if as_json:
            print_json("platform", 1, _output(platform).model_dump(mode="json"))
        else:
            _show(platform)
        return
    profiles = load_platforms()
    if as_json:
        output = PlatformsOutput(platforms=[_output(p) for p in profiles])
        print_json("platforms", 1, output.model_dump(mode="json"))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("NAME", "BOARD", "CHIP", "CLOCK", "FLASH", "RAM", "BUILDS", "EMULATED WITH", "SEEN ON SILICON"):
        table.add_column(
            column, justify="right" if column in ("CLOCK", "FLASH", "RAM") else "left", no_wrap=column == "NAME"
        )
    for p in profiles:
        table.add_row(
            p.name, p.title, p.chip.name, f"{p.chip.clock_hz // 1_000_000} MHz",
            size_text(p.memory.flash_bytes), size_text(p.memory.ram_bytes),
            "yes" if p.has_board else "not yet", "" if emulator_of(p) is None else p.emulator,
            count_seen(p.checks),
        )  # fmt: skip
    console().print(table)


def _output(platform: Platform) -> PlatformOutput:
    return PlatformOutput(**platform.model_dump(), builds=platform.has_board)


def _show(platform: Platform) -> None:
    out = console()
    out.print(line(styled(platform.name, "bold"), f"  {platform.title}"))
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    for section, values in platform.model_dump(mode="json", exclude={"presets", "checks", "fixed_wires"}).items():
        if isinstance(values, dict):
            for key, value in values.items():
                table.add_row(f"{section}.{key}", str(value))
        elif section not in ("name", "title"):
            table.add_row(section, ", ".join(values) if isinstance(values, list) else str(values))
    table.add_row("builds", "yes" if platform.has_board else "not yet: a profile without board code")
    out.print(table)
    _show_checks(out, platform)
    for name in platform.presets:
        wiring = platform.with_board(BoardConfig(preset=name)).wiring
        if wiring is not None:
            out.print()
            out.print(line(styled(f"--board {name}", "bold"), f"  {wiring.title}"))
            for wire in (*wiring_lines(wiring), f"pins: {wiring.source}"):
                out.print(f"  {wire}", style="dim" if wire.startswith("pins") else None)


def _show_checks(out: Terminal, platform: Platform) -> None:
    if not platform.checks:
        return
    table = Table(box=None, pad_edge=False)
    for column in ("FUNCTION", "STATE", "CHECKED BY"):
        table.add_column(column, no_wrap=column == "STATE")
    for check in platform.checks:
        state = styled(check.state, {"seen": "green", "emulated": "yellow"}.get(check.state, "dim"))
        table.add_row(check.name, line(state), check.by)
    out.print()
    out.print(line(styled("On silicon", "bold"), f"  {count_seen(platform.checks)} functions have been seen"))
    out.print(table)


def size_text(nbytes: int) -> str:
    """A memory size as people write it: 264 KB, 2 MB, 1 GB."""
    for unit, scale in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if nbytes >= scale:
            return f"{nbytes / scale:g} {unit}"
    return f"{nbytes} B"
