"""What has one home in wwtool is done there and nowhere else: read from the source, so that nobody forgets."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import wwtool

PACKAGE = Path(wwtool.__file__).parent
# Programs of their own: an emulator that talks to wwtool over its standard output, and what a project's Makefile runs.
NOT_THE_COMMAND_LINE = {"emulators/nano_runner.py", "firmware/make_image.py"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith("_assets/"):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def uses(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Dotted names that a module imports, reads or calls, with where."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Load):
            yield ast.unparse(node), node


def offenders(wrong: tuple[str, ...], homes: set[str]) -> list[str]:
    """Where one of the names ``wrong``, or something below it, is used outside of its homes."""
    found = []
    for name, tree in modules():
        if name not in homes:
            found += [
                f"{name}:{getattr(node, 'lineno', 0)}: {used}"
                for used, node in uses(tree)
                if any(used == bad or used.startswith(bad + ".") for bad in wrong)
            ]
    return found


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
