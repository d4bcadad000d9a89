"""``wwtool hil``."""

from __future__ import annotations

from pathlib import Path

import click

from wwtool.base.files import write_text
from wwtool.cli.common import FILE, FOLDER, PORT, profile_option
from wwtool.cli.terminal import BAD, GOOD, console, line, styled
from wwtool.device.report import to_json, to_junit
from wwtool.device.session import Session, as_dict
from wwtool.device.suites import SuiteResult
from wwtool.errors import DeviceError, UsageError
from wwtool.pipeline.hil import NEEDS_BUILD, SUITES, Expectation, check_device, run_suite
from wwtool.platforms.load import load_platform


@click.command()
@click.option(
    "--port",
    "url",
    type=PORT,
    required=True,
    metavar="URL",
    help="What pyserial opens: /dev/ttyACM0, COM5, socket://HOST:PORT.",
)
@click.option("--build", "build_dir", type=FOLDER, help="The build on the board; parity, stream and soak need it.")
@profile_option()
@click.option(
    "--suite", "names", default="parity,stream,latency,memory", show_default=True, help=f"Some of {','.join(SUITES)}."
)
@click.option("--wav", type=FILE, help="The recording to stream.  [default: the build's own]")
@click.option("--baud", type=click.IntRange(1200, 12_000_000), default=115200, show_default=True)
@click.option(
    "--fast-baud", type=click.IntRange(1200, 12_000_000), default=None, help="Switch to this rate for the tests."
)
@click.option("--soak-seconds", type=click.FloatRange(1.0), default=600.0, show_default=True)
@click.option("--json", "json_file", type=FILE, help="Write the results as JSON.")
@click.option("--junit", "junit_file", type=FILE, help="Write the results as JUnit XML.")
def hil(
    url: str, build_dir: Path | None, platform_name: str | None, names: str, wav: Path | None, baud: int,
    fast_baud: int | None, soak_seconds: float, json_file: Path | None, junit_file: Path | None,
) -> None:  # fmt: skip
    """Test the firmware where it runs: parity, streaming audio, latency, memory, soak."""
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in SUITES]
    if unknown or not chosen:
        raise UsageError(f"there is no suite '{', '.join(unknown)}'; there are {', '.join(SUITES)}")
    needing = [name for name in chosen if name in NEEDS_BUILD]
    if needing and build_dir is None:
        raise UsageError(f"the suites {', '.join(needing)} need --build BUILD_DIR to know what to expect")
    platform = load_platform(platform_name) if platform_name else None
    build = Expectation.of(build_dir, platform) if build_dir else None
    out = console()
    results: list[SuiteResult] = []
    with Session(url, baud) as session:
        info = session.info()
        out.print(f"{info.board}: “{info.phrase}”, wwtool {info.version}, model {info.sha256[:12]}")
        if build is not None:
            check_device(info, build)
        if fast_baud is not None:
            session.set_baud(fast_baud)
        for name in chosen:
            with out.status(line(f"{name} ...")):
                results.append(run_suite(name, session, info, build, wav, soak_seconds))
            _print(results[-1])
        device = {"url": url, **as_dict(info)}
    if json_file is not None:
        write_text(json_file, to_json(results, device))
    if junit_file is not None:
        write_text(junit_file, to_junit(results, device))
    failed = [result.suite for result in results if not result.passed]
    if failed:
        raise DeviceError(f"{', '.join(failed)} failed on {info.board}; the lines above say where")


def _print(result: SuiteResult) -> None:
    out = console()
    mark = styled(*(GOOD if result.passed else BAD))
    metrics = ", ".join(f"{key} {value:,.6g}" for key, value in result.metrics.items())
    out.print(line("  ", mark, " ", styled(f"{result.suite:<8}", "cyan"), f" {metrics}"))
    for case in result.cases:
        if not case.checked:
            out.print(line("      ", styled(case.name, "yellow"), f": not checked, {case.message}"))
        elif not case.passed:
            out.print(line("      ", styled(case.name, "red"), f": {case.message}"))
