"""The README and the docs are true: commands parse, files are there, links lead somewhere, terms have one meaning."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
import reference
from graphs import Net

from wwtool.cli.main import cli
from wwtool.compiler.package import compile_graph
from wwtool.config import Config
from wwtool.models.quantized import Scale
from wwtool.platforms.load import load_platforms
from wwtool.tflite.reader import parse_model

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
FOLDERS = "wwtool|docs|tests|bench|scripts|platforms|configs|examples|firmware_templates"


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def command_lines(text: str) -> Iterator[str]:
    """The wwtool commands of a page: lines of code blocks, and code within the text."""
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        for part in re.split(r"[;&|]+|\s#\s", line):
            if part.strip().startswith("wwtool ") and "[OPTIONS]" not in part:
                yield part.strip()
    for code in re.findall(r"`(wwtool [^`\n]*)`", re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)):
        if " / " not in code:
            yield code.replace("[", "").replace("]", "")


def parse(words: list[str]) -> None:
    """Parses a command as the command line does, but opens no file that it names.

    Raises:
        click.UsageError: no such command or option, or a value that the option does not take.
    """
    command: click.Command = cli
    context = click.Context(cli, info_name="wwtool")
    while isinstance(command, click.Group) and words:
        name, words = words[0], words[1:]
        if name.startswith("-"):
            return
        child = command.get_command(context, name)
        if child is None:
            raise click.UsageError(f"no command {name}")
        command, context = child, click.Context(child, context, info_name=name)
    values, _, _ = command.make_parser(context).parse_args(args=list(words))
    for parameter in command.params:
        value = values.get(parameter.name)
        if isinstance(parameter.type, (click.Choice, click.types._NumberRangeBase)) and isinstance(value, str):
            if not value.isupper():  # a place holder, as N
                parameter.type.convert(value, parameter, context)
        elif parameter.name in ("platform", "platform_name") and isinstance(value, str) and value.islower():
            known = {platform.name for platform in load_platforms()}
            if not value.endswith(".yaml") and value not in known:
                raise click.UsageError(f"no platform {value}")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_of_a_page_parses(page: Path) -> None:
    for line in command_lines(page.read_text(encoding="utf-8")):
        try:
            parse(shlex.split(line)[1:])
        except click.UsageError as error:
            pytest.fail(f"{line}: {error.format_message()}")


@pytest.mark.parametrize(
    "line",
    [
        "wwtool bild --platform pico", "wwtool build --platfrom pico", "wwtool build --platform pixo",
        "wwtool build --search 0", "wwtool export run --format onnx", "wwtool data scan a --out b",
        "wwtool compile a.tflite --target m4 -o out",
    ],
)  # fmt: skip
def test_a_wrong_command_does_not_parse(line: str) -> None:
    (command,) = command_lines(f"```\n{line}  # why\n```\n")
    with pytest.raises(click.UsageError):
        parse(shlex.split(command)[1:])


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path in re.findall(rf"`((?:{FOLDERS})/[\w./*-]+)`", text):
        assert list(ROOT.glob(path.rstrip("/"))), f"{path} is not there"
    if name_of(page).startswith("docs/reference/") or page.name in ("CHANGELOG.md",):
        return
    generated = {"command-line.md", "config.md", "config.schema.json", "platforms.md"}
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not link.startswith(("http", "#")):
            target = page.parent / link.split("#")[0]
            assert target.exists() or target.name in generated, f"{link} leads nowhere"


def test_every_page_is_in_the_navigation() -> None:
    """mkdocs --strict says so, too, but `make test` does not run it."""
    navigation = (ROOT / "mkdocs.yml").read_text()
    for page in ROOT.glob("docs/**/*.md"):
        assert f"{page.relative_to(ROOT / 'docs').as_posix()}\n" in navigation


def test_the_readme_is_short_and_honest() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 120
    assert "No image has been on silicon" in text
    assert "7 to 49 %" in text


def test_the_picture_loads_nothing() -> None:
    picture = (ROOT / "docs/images/build.svg").read_text()
    assert not re.search(r"(url\(|href=|src=)[\"']?https?:", picture)
    assert "synthetic" in picture


def test_the_reference_has_every_command_and_every_key() -> None:
    commands = reference.command_line_page()
    for name in cli.list_commands(click.Context(cli)):
        assert f"\n## `wwtool {name}`\n" in commands
    config = reference.config_page()
    assert "| `false_alarms_per_hour` | `0.5` | number, more than 0, at most 1,000 |" in config
    assert "\n## `board.microphone.codec`\n" in config
    platforms = reference.platforms_page()
    assert all(f"| `{platform.name}` |" in platforms for platform in load_platforms())
    assert "int (*" in reference.c_api_page() or "(*console_read)" in reference.c_api_page()


def test_every_key_of_the_config_is_described() -> None:
    for path, model in reference._sections(Config):
        for name, field in model.model_fields.items():
            assert field.description, f"{path}.{name} has no description"


def test_the_c_api_is_that_of_a_compiled_model() -> None:
    net = Net((1, 4), Scale(0.1, 0))
    y = net.dense(net.input, np.ones((2, 4), np.int8), np.zeros(2, np.int32), 0.1, Scale(0.1, 0))
    header = compile_graph(parse_model(net.pack(y)), "model").files["model.h"]
    page = (ROOT / "docs/reference/c-api.md").read_text()
    for name in re.findall(r"\b(?:ww_model_\w+|WW_MODEL_\w+)\b", page):
        assert re.search(rf"\b{name}\b", header), f"model.h has no {name}"


def test_the_glossary_has_the_rooms_and_has_each_term_once() -> None:
    text = (ROOT / "docs/glossary.md").read_text()
    terms = [term.strip() for row in re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE) for term in row.split(",")]
    terms = [term for term in terms if term not in ("term", "---")]
    assert len(terms) == len(set(terms))
    assert {"room", "floor", "job", "request", "plan", "event", "stage", "registry", "package", "emulator"} <= set(
        terms
    )
