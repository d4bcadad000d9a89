"""The README and the docs are true: commands parse, files are there, links lead somewhere, terms have one meaning."""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import reference
from cli import run_here
from graphs import Net
from test_data_files import babble

from wwtool.cli.main import cli
from wwtool.compiler.package import compile_graph
from wwtool.config import Config
from wwtool.data.audio import write_audio
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
        "wwtool build --search 0", "wwtool export run --format onxx", "wwtool data scan a --out b",
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
    generated = {"command-line.md", "config.md", "config.schema.json", "events.md", "platforms.md"}
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not link.startswith(("http", "#")):
            target = page.parent / link.split("#")[0]
            assert target.exists() or target.name in generated, f"{link} leads nowhere"


def test_every_page_that_the_code_names_is_there() -> None:
    """Messages, comments and images name pages; the ESP32-S3's image holds the name of its page."""
    for folder, form in itertools.product(
        ("wwtool", "platforms", "firmware_templates"), ("py", "yaml", "c", "h", "j2")
    ):
        for source in (ROOT / folder).rglob(f"*.{form}"):
            for path in re.findall(r"\bdocs/[\w/-]+\.md", source.read_text(encoding="utf-8")):
                assert (ROOT / path).is_file(), f"{source} names {path}"


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
    for path, model in reference.sections(Config):
        for name, field in model.model_fields.items():
            assert field.description, f"{path}.{name} has no description"


def test_the_c_api_is_that_of_a_compiled_model() -> None:
    net = Net((1, 4), Scale(0.1, 0))
    y = net.dense(net.input, np.ones((2, 4), np.int8), np.zeros(2, np.int32), 0.1, Scale(0.1, 0))
    header = compile_graph(parse_model(net.pack(y)), "model").files["model.h"]
    page = (ROOT / "docs/reference/c-api.md").read_text()
    for name in re.findall(r"\b(?:ww_model_\w+|WW_MODEL_\w+)\b", page):
        assert re.search(rf"\b{name}\b", header), f"model.h has no {name}"


def test_the_glossary_has_each_term_and_each_room_once() -> None:
    text = (ROOT / "docs/glossary.md").read_text()
    terms = [term.strip() for row in re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE) for term in row.split(",")]
    terms = [term for term in terms if term not in ("term", "room", "---")]
    assert len(terms) == len(set(terms))
    assert {"floor", "job", "request", "plan", "event", "stage", "registry", "package", "emulator", "arena"} <= set(
        terms
    )
    rooms = {
        path.stem for path in (ROOT / "wwtool").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert {term.strip("`") for term in terms if term.startswith("`")} == rooms - {"__init__", "__main__"}


def keys_of(value: Any) -> Iterator[str]:
    """Every key of a JSON value, but not those of dicts whose keys are data: they are not words of wwtool."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield key
            data = isinstance(entry, dict) and key in ("code", "clips")
            yield from keys_of(None if data else entry)
    elif isinstance(value, list):
        for entry in value:
            yield from keys_of(entry)


@pytest.mark.parametrize("command", ["doctor", "compile", "diff", "scan", "split"])
def test_every_key_of_a_json_output_is_described(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = Net((1, 4), Scale(0.1, 0))
    y = net.dense(net.input, np.ones((2, 4), np.int8), np.zeros(2, np.int32), 0.1, Scale(0.1, 0))
    model, out, voices = tmp_path / "m.tflite", tmp_path / "out", tmp_path / "voices"
    model.write_bytes(net.pack(y))
    for number in range(24):
        write_audio(voices / ("positive", "negative")[number % 2] / f"s{number}" / "a.wav", babble(number))
    words: dict[str, list[str | Path]] = {
        "doctor": ["doctor"], "compile": ["compile", model, "--no-measure", "-o", out], "diff": ["diff", model],
        "scan": ["data", "scan", voices], "split": ["data", "split", voices],
    }  # fmt: skip
    output = json.loads(run_here(capsys, *words[command], "--json").out)
    page = (ROOT / "docs/reference/json.md").read_text()
    described = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", page))))
    assert f"`{output['schema']}` {output['version']} |" in page
    assert set(keys_of(output)) - described - {"c", "torch"} == set()  # engines


@pytest.mark.parametrize(
    ("page", "refused"),
    [
        ('<a href="https://example.org/">a link to follow</a>', False),
        ('<script src="assets/main.js"></script>', False),
        ('<script src="https://example.org/main.js"></script>', True),
        ('<link rel="stylesheet" href="//example.org/font.css">', True),
        ("<img src=https://example.org/a.png>", True),
    ],
)
def test_a_page_loads_nothing_from_elsewhere(page: str, refused: bool) -> None:
    assert bool(reference.ELSEWHERE.search(page)) == refused


def test_the_schemas_take_what_wwtool_writes() -> None:
    kinds = {entry["properties"]["event"]["const"] for entry in json.loads(reference.event_schema())["oneOf"]}
    assert {"job_started", "stage_finished", "loss", "warning"} <= kinds
    assert "detector" in json.loads(reference.config_schema())["properties"]
    assert "chip" in json.loads(reference.platform_schema())["properties"]
    page = reference.events_page()
    assert all(f"## `{kind}`" in page for kind in kinds)
