"""``wwtool doctor``."""

from __future__ import annotations

from dataclasses import dataclass

import click

from wwtool.base.records import json_of
from wwtool.cli.common import json_option, platform_option
from wwtool.cli.terminal import BAD, GOOD, Table, complain, console, print_json, styled
from wwtool.doctor.findings import Finding, examine
from wwtool.doctor.fix import fix
from wwtool.doctor.profiles import load_profile
from wwtool.errors import ToolError


@dataclass(frozen=True)
class DoctorOutput:
    """``doctor --json``; ``platform``: the one asked for."""

    platform: str | None
    tools: list[Finding]


@click.command()
@platform_option(required=False)
@click.option("--fix", "fixing", is_flag=True, help="Run the apt, npm, pip and wwtool lines that get what is missing.")
@json_option
def doctor(platform: str | None, fixing: bool, as_json: bool) -> None:
    """Show which tools are installed, for a platform or for all, and how to get the others."""
    profile = load_profile(platform) if platform else None
    findings = examine(profile)
    failures: list[str] = []
    if fixing:
        failures = fix(findings, complain)
        findings = examine(profile)
    if as_json:
        print_json("doctor", 2, json_of(DoctorOutput(platform, findings)))
    else:
        _print(findings)
    if failures:
        raise ToolError("; ".join(failures))
    missing = [f.tool for f in findings if f.required and not f.found]
    if missing:
        raise ToolError(f"{', '.join(missing)} missing; the lines above say how to get them")


def _print(findings: list[Finding]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("", "TOOL", "FOR", "FOUND"):
        table.add_column(column)
    for f in findings:
        mark = GOOD if f.found else BAD if f.required else ("-", "yellow")
        table.add_row(styled(*mark), f.tool, f.purpose, f.detail if f.found else f"missing: {f.remedy}")
    console().print(table)
