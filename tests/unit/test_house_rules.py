"""What has one home in wwtool is done there and nowhere else: read from the source, so that nobody forgets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

import wwtool
from wwtool.cli.main import _COMMANDS as COMMANDS
from wwtool.device.flash.tools import FLASH_TOOLS
from wwtool.emulators import EMULATORS
from wwtool.firmware.image_formats import IMAGE_FORMATS
from wwtool.firmware.toolchains import TOOLCHAINS
from wwtool.packages import FORMATS
from wwtool.platforms.cores import CORES
from wwtool.platforms.load import load_platforms, platform_names

PACKAGE = Path(wwtool.__file__).parent
# Programs of their own: an emulator that talks to wwtool over its standard output, and what a project's Makefile runs.
NOT_THE_COMMAND_LINE = {"emulators/nano_runner.py", "firmware/make_image.py"}


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """Every module of the package, parsed once."""
    paths = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
    return tuple(
        (name, ast.parse(path.read_text(encoding="utf-8"))) for name, path in paths.items() if name[:8] != "_assets/"
    )


@cache
def uses() -> tuple[tuple[str, str, int], ...]:
    """Every dotted name that a module imports, reads or calls: the module, the name, the line."""
    return tuple((name, used, getattr(node, "lineno", 0)) for name, tree in modules() for used, node in names_in(tree))


def names_in(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Load):
            yield ast.unparse(node), node


def offenders(wrong: tuple[str, ...], homes: set[str]) -> list[str]:
    """Where one of the names ``wrong``, or something below it, is used outside of its homes."""
    return [
        f"{name}:{number}: {used}"
        for name, used, number in uses()
        if name not in homes and any(used == bad or used.startswith(bad + ".") for bad in wrong)
    ]


def test_what_programs_say_is_read_whatever_bytes_it_has() -> None:
    """Without ``errors``, a compiler's message in another encoding is a UnicodeDecodeError."""
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("subprocess.run", "subprocess.Popen"):
                given = {keyword.arg for keyword in node.keywords}
                assert "text" not in given or "errors" in given, f"{name}:{node.lineno}: give errors= with text="


@pytest.mark.parametrize(
    ("wrong", "homes", "instead"),
    [
        (
            ("print", "click.echo", "click.secho", "sys.stdout", "sys.stderr", "traceback.print_exc"),
            {"cli/terminal.py", "cli/streams.py", *NOT_THE_COMMAND_LINE},
            "wwtool.cli.terminal: say, complain, console",
        ),
        (
            ("rich.console", "rich.markup", "rich.table", "rich.print", "rich.text.Text.from_markup"),
            {"cli/terminal.py"},
            "wwtool.cli.terminal: console, Table, styled, line",
        ),
        (
            ("subprocess.run", "subprocess.check_output", "subprocess.check_call", "subprocess.call", "os.system"),
            {"base/programs.py", "doctor/fix.py"},
            "wwtool.base.programs: run_program, run_binary, version_line",
        ),
        (("tempfile",), {"base/temporary.py", "base/files.py"}, "wwtool.base.temporary: TemporaryFolder"),
        (
            ("json.loads", "json.load", "np.load", "np.fromfile", "np.loadtxt", "pickle", "torch.load"),
            {"base/records.py", "budget/cache.py"},
            "wwtool.base.records: parse_json, read_json, read_record, read_array, read_arrays",
        ),
        (
            ("yaml.load", "yaml.safe_load", "yaml.full_load", "yaml.unsafe_load"),
            {"base/yaml_files.py", "models/accuracy.py"},
            "wwtool.base.yaml_files: read_yaml",
        ),
    ],
)
def test_one_home(wrong: tuple[str, ...], homes: set[str], instead: str) -> None:
    assert not offenders(wrong, homes), f"use {instead}"


# Elsewhere 160 and 40 have other meanings: a bit rate of MP3, a batch size, a width in pixels.
AUDIO_ROOMS = (
    "budget/", "data/", "device/", "emulators/", "evaluation/", "export/", "features/", "firmware/", "jobs/",
    "packages/", "pipeline/", "training/",
)  # fmt: skip


def test_the_numbers_of_a_front_end_have_one_home() -> None:
    """Rates, window, step and channels come from frontend/geometry.py; (n, 40) is a shape of features."""
    for name, tree in modules():
        if name == "frontend/geometry.py":
            continue
        audio = name.startswith(AUDIO_ROOMS)
        numbers = {16000, 360_000, 480, *([160] if audio else [])}
        for node in ast.walk(tree):
            where = f"{name}:{getattr(node, 'lineno', 0)}: take it from frontend/geometry.py"
            if isinstance(node, ast.Constant) and type(node.value) is int:
                assert node.value not in numbers, f"{where}: {node.value}"
            if isinstance(node, ast.Tuple) and audio:
                shape = [part.value for part in node.elts if isinstance(part, ast.Constant) and type(part.value) is int]
                assert 40 not in shape, f"{where}: 40"


def imports(name: str) -> set[str]:
    """The modules of wwtool that a module imports."""
    tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "wwtool":
            found |= {f"wwtool.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {module for module in found if module.startswith("wwtool.")}


JOBS = sorted(path.stem for path in (PACKAGE / "jobs").glob("*.py") if "def run(" in path.read_text(encoding="utf-8"))
# What a head needs to parse a request and to show events and results.
OF_A_HEAD = ("wwtool.base", "wwtool.cli", "wwtool.events", "wwtool.jobs", "wwtool.reports")


@pytest.mark.parametrize("folder", ["bench", "scripts"])
def test_a_program_tells_what_it_takes(folder: str) -> None:
    """One that read its own words took "--help" for the name of a file."""
    programs = {path: path.read_text(encoding="utf-8") for path in (PACKAGE.parent / folder).glob("*.py")}
    assert programs
    assert not [path.name for path, text in programs.items() if "sys.argv" in text]


def test_workflows_are_yaml() -> None:
    files = sorted((PACKAGE.parent / ".github" / "workflows").glob("*.yml"))
    assert files
    for path in files:
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"], path


def test_each_job_has_a_command() -> None:
    assert JOBS == [
        "bringup",
        "budget",
        "build",
        "compare",
        "compile",
        "data_sets",
        "emulate",
        "evaluate",
        "export",
        "flash",
        "hil",
        "mine",
        "models",
        "quantize",
        "train",
        "voices",
    ]


@pytest.mark.parametrize("job", JOBS)
def test_a_command_calls_its_job_and_nothing_below(job: str) -> None:
    modules = imports(f"cli/{job}.py")
    assert f"wwtool.jobs.{job}" in modules
    assert [module for module in modules if not module.startswith(OF_A_HEAD)] == []


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").glob("*.py")), ids=lambda path: path.name)
def test_no_command_imports_another_command(path: Path) -> None:
    commands = {module.split(":")[0] for module, _ in COMMANDS.values()}
    assert imports(f"cli/{path.name}") & commands == set()


def test_what_everything_stands_on_imports_nothing_above_it() -> None:
    assert imports("events.py") == imports("errors.py") == set()
    below_config = ("wwtool.base.", "wwtool.errors", "wwtool.config")
    for path in (PACKAGE / "config.py", *(PACKAGE / "config").glob("*.py")):
        if path.exists():
            above = imports(path.relative_to(PACKAGE).as_posix())
            assert not [module for module in above if not module.startswith(below_config)], path.name


def test_jobs_know_no_head() -> None:
    for path in (PACKAGE / "jobs").glob("*.py"):
        assert not [module for module in imports(f"jobs/{path.name}") if module.startswith("wwtool.cli")], path.name


def floors() -> dict[str, int]:
    """The floor of every room, from the one list of them, in CONTRIBUTING.md."""
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    plan = text.split("## The floors")[1].split("```")[1].strip().splitlines()
    heights = {room: height for height, line in enumerate(reversed(plan)) for room in line.split()}
    assert sum(len(line.split()) for line in plan) == len(heights), "a room is on two floors"
    return heights


def imports_between_rooms() -> Iterator[tuple[str, str, str]]:
    """From which room to which an import leads, and where it stands; those within functions as well."""
    for name, tree in modules():
        here = name.split("/")[0].removesuffix(".py")
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "wwtool" and not node.level:
                rooms = [alias.name for alias in node.names if not alias.name.startswith("__")]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wwtool.") and not node.level:
                rooms = [str(node.module).split(".")[1]]
            elif isinstance(node, ast.Import):
                rooms = [alias.name.split(".")[1] for alias in node.names if alias.name.startswith("wwtool.")]
            else:
                continue
            yield from ((here, room, f"{name}:{node.lineno}") for room in rooms if room != here)


def test_every_room_has_its_floor() -> None:
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert rooms - {"__init__", "_assets"} == set(floors())
    rows = (
        (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## The rooms")[1].split("| beside")[0]
    )
    listed = re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE)
    assert sorted(listed) == sorted(set(floors()) - {"__main__"})
    heights = [floors()[room] for room in listed]
    assert heights == sorted(heights, reverse=True), "the rooms stand in the order of their floors"


def test_an_import_points_down() -> None:
    """So there is no circle, and two rooms of one floor do not know each other."""
    height = floors()
    upward = [
        f"{where}: {here} imports {room}"
        for here, room, where in imports_between_rooms()
        if height[room] >= height[here]
    ]
    assert not upward, "\n".join(upward)


def test_imports_are_seen() -> None:
    seen = {(here, room) for here, room, _ in imports_between_rooms()}
    assert {("cli", "jobs"), ("jobs", "pipeline"), ("pipeline", "training"), ("base", "errors")} <= seen


def test_the_exact_engine_shares_nothing_with_the_compiler_that_it_checks() -> None:
    """It asks the compiler whether a model can be compiled; what operators mean it reads in tflite/ and int8/."""
    borrowed = {
        (name, used)
        for name, used, _ in uses()
        if name.startswith("engines/torch_") and used.startswith("wwtool.compiler")
    }
    lowering = "wwtool.compiler.lowering"
    assert borrowed == {("engines/torch_engine.py", f"{lowering}.{name}") for name in ("lower", "supported_operators")}


def members() -> set[str]:
    """The names of all that a registry has."""
    registries = (CORES, TOOLCHAINS, IMAGE_FORMATS, EMULATORS, FLASH_TOOLS, FORMATS)
    names = {name for registry in registries for name in registry} | set(platform_names())
    return names | {name for platform in load_platforms() for name in platform.framework_reserve}


def test_nobody_asks_who_a_member_is() -> None:
    """What a member needs is an attribute or a method of it; its name is compared only where a registry looks it up."""
    names = members()
    asked = []
    for name, tree in modules():
        if name.startswith(("compiler/", "tflite/")):  # operators and targets of the compiler have names of their own
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare):
                words = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
                asked += [f"{name}:{node.lineno}: {ast.unparse(node)}" for word in words if word in names]
    assert not asked, "\n".join(asked)
