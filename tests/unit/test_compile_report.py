"""The report of a compiled model: its figures, the memory map, the page; and the package's API as C sees it."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from graphs import SAME, Model, Net
from hypothesis import given, settings
from hypothesis import strategies as st
from recurrent_graphs import svdf
from test_compiler_state import copied, simple, start
from test_generated_c import STRICT, need, run
from test_generated_c import graph as everything

from wwtool.compiler.emit.c_text import render
from wwtool.compiler.memory.planner import aligned
from wwtool.compiler.package import CompiledModel, compile_graph, library_name, write_package, write_sources
from wwtool.compiler.report import ArenaRegion, CodeSize, Kind, Measured, Report, live_bytes, make_report
from wwtool.compiler.targets import Target
from wwtool.engines.machines import emulated
from wwtool.engines.measure import code_sizes, measure
from wwtool.errors import ToolError, UsageError
from wwtool.models.quantized import Scale
from wwtool.reports.compile_page import layer_headings, layer_rows, page, size_rows, write_report
from wwtool.reports.memory_map import fit_text, memory_map, short_name
from wwtool.tflite.reader import parse_model

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</title><script>alert("1")</script> & "quoted" \x00\x1b]]> ??/'


def chain(layers: int) -> Model:
    """Convolutions of changing width; the last two tensors are outputs."""
    net, random = Net((1, 8, 8, 8), Scale(0.1, 0)), np.random.default_rng(0)
    x, last = net.input, net.input
    for number in range(layers):
        depth = net.shapes[x][3]
        shape = (1, 3, 3, depth) if number % 3 == 2 else ((8, 16, 12, 24)[number % 4], 1, 1, depth)
        weights = random.integers(-127, 128, shape, np.int8)
        scale = np.full(depth, 0.01, np.float32) if number % 3 == 2 else 0.01
        last, x = x, net.conv(x, weights, None, scale, Scale(0.2, 1), padding=SAME, depthwise=number % 3 == 2)
    return net.pack(x, last) if layers > 1 else net.pack(x)


def compiled(content: bytes, target: Target = "cortex-m4", name: str = "model") -> CompiledModel:
    return compile_graph(parse_model(content), name, target)


def report_of(layers: int = 5, target: Target = "cortex-m4") -> Report:
    return make_report(compiled(chain(layers), target))


def rectangles(svg: str, kind: str) -> list[ET.Element]:
    """The regions drawn of a kind, without the legend."""
    found = [r for r in ET.fromstring(svg).iter(f"{SVG}rect") if r.attrib.get("class") == f"region {kind}"]
    return [r for r in found if r.find(f"{SVG}title") is not None]


# Figures


def test_layers_have_the_models_figures() -> None:
    model = compiled(chain(5))
    report = make_report(model)
    assert report.macs == model.macs
    assert len(report.layers) == len(model.program.calls)
    assert sum(layer.weight_bytes for layer in report.layers) == model.weight_bytes + model.table_bytes
    assert report.layers[0].output_shape == (1, 8, 8, 8)
    assert report.instructions is None
    assert report.layers[0].instructions_per_mac is None
    assert report.tflite_weight_bytes == sum(
        t.nbytes for t in model.program.graph.tensors if t.data is not None and t.data.ndim == 4
    )


def test_the_peak_is_the_step_that_has_most_of_the_arena_in_use() -> None:
    report = report_of()
    peak = max(layer.live_bytes for layer in report.layers)
    assert report.peak is not None
    assert report.layers[report.peak].live_bytes == peak
    assert 0 < peak <= report.arena_bytes


def test_shared_bytes_are_live_once() -> None:
    regions = [ArenaRegion("a", "tensor", 10, 0, 0, 3), ArenaRegion("b", "tensor", 8, 8, 2, 4)]
    assert live_bytes(regions, 6) == [12, 12, 16, 16, 8, 0]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(*(st.integers(0, 9) for _ in range(4))), max_size=12))
def test_live_bytes_are_those_that_any_region_holds(sizes: list[tuple[int, int, int, int]]) -> None:
    regions = [ArenaRegion("r", "tensor", n, 4 * at, min(a, b), max(a, b)) for n, at, a, b in sizes]

    def held(step: int) -> set[int]:
        live = [r for r in regions if r.first <= step <= r.last]
        return {byte for r in live for byte in range(r.offset, r.offset + aligned(r.nbytes))}

    assert live_bytes(regions, 11) == [len(held(step)) for step in range(11)]


def test_regions_lie_within_the_arena_and_their_lives() -> None:
    report = report_of()
    assert {r.kind for r in report.regions} == {"input", "output", "tensor", "scratch"}
    for region in report.regions:
        assert 0 <= region.offset <= report.arena_bytes - region.nbytes
        assert 0 <= region.first <= region.last <= len(report.layers)
        assert (region.last == len(report.layers)) == (region.kind in ("input", "output"))


def test_state_of_windows_copies_and_operators() -> None:
    windows = make_report(compiled(simple(start((1, 3, 1, 3)))))
    assert [(s.nbytes, s.offset) for s in windows.states] == [(windows.states[0].nbytes, 0)]
    operators = make_report(compiled(with_svdf()))
    assert len(operators.states) == 1
    assert operators.state_bytes == operators.states[0].nbytes
    mixed = make_report(compile_graph(everything(), "model"))
    assert len(mixed.states) >= 3
    ends = [s.offset + s.nbytes for s in mixed.states]
    assert all(end <= s.offset for end, s in zip(ends, mixed.states[1:], strict=False))
    assert ends[-1] <= mixed.state_bytes


def test_measured_figures_have_their_places() -> None:
    model = compiled(chain(3))
    counts = tuple(range(1000, 1000 + len(model.program.calls) + 1))
    report = make_report(model, Measured(counts, (CodeSize("a.c", 10), CodeSize("b.c", 3)), "how"))
    assert [layer.instructions for layer in report.layers] == list(counts[:-1])
    assert (report.instructions, report.instructions_after, report.code_bytes) == (sum(counts), counts[-1], 13)
    rows = layer_rows(report)
    assert len(rows) == len(report.layers) + 2
    assert all(len(row) == len(layer_headings(report)) for row in rows)
    column = layer_headings(report).index("instructions")
    assert sum(int(row[column].replace(",", "")) for row in rows[:-1]) == int(rows[-1][column].replace(",", ""))
    assert [row.nbytes for row in size_rows(report) if row.what.strip() in ("code", "a.c", "b.c")] == [
        "13 B",
        "10 B",
        "3 B",
    ]


def test_what_was_not_measured_is_said() -> None:
    report = report_of()
    assert layer_headings(report) == ["#", "operator", "kernel", "output", "MACs", "weights", "live"]
    assert next(row for row in size_rows(report) if row.what == "code").remark == "not measured"


# Measuring


def test_measuring_by_the_cross_compiler_and_the_emulator() -> None:
    machine = emulated("cortex-m4")
    if not machine.available:
        pytest.skip("compiler or emulator of cortex-m4 is not installed")
    model = compiled(chain(3))
    measured = measure(model)
    assert measured.instructions is not None
    assert measured.code is not None
    assert len(measured.instructions) == len(model.program.calls) + 1
    assert all(0.5 < n / call.macs < 60 for n, call in zip(measured.instructions, model.program.calls, strict=False))
    assert {size.file for size in measured.code} == {
        file for file in (*model.kernels, "model.c") if file.endswith(".c")
    }
    assert "qemu-system-arm" in measured.note
    small = compile_graph(parse_model(chain(3)), "model", "cortex-m4", "size")
    assert sum(s.nbytes for s in code_sizes(small, machine)) < sum(s.nbytes for s in measured.code)
    assert measure(model, True).instructions == measured.instructions


def test_measuring_without_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    model = compiled(chain(1))
    assert measure(model).instructions is None
    assert "arm-none-eabi-gcc" in measure(model).note
    with pytest.raises(ToolError, match="apt-get install"):
        measure(model, True)


def test_measuring_on_the_host_and_not_at_all() -> None:
    model = compiled(chain(1), "host")
    assert measure(model).code is None
    assert measure(model, False) == Measured(note="not measured (--no-measure)")
    with pytest.raises(UsageError, match="--target"):
        measure(model, True)


# The map


@pytest.mark.parametrize("layers", [1, 3, 60])
def test_the_map_has_every_region_once_and_in_its_place(layers: int) -> None:
    report = report_of(layers)
    svg = memory_map(report)
    drawn = {r.findtext(f"{SVG}title"): r for k in get_args(Kind) for r in rectangles(svg, k)}
    assert len(drawn) == len(report.regions)
    width, height = (float(v) for v in ET.fromstring(svg).attrib["viewBox"].split()[2:])
    boxes: list[tuple[Any, ...]] = []
    for region in report.regions:
        start = f"{region.name}: {region.nbytes:,} B at {region.offset:,}, from step {region.first} "
        (box,) = [r for title, r in drawn.items() if title and title.startswith(start)]
        boxes.append((region, *(float(box.attrib[key]) for key in ("x", "y", "width", "height"))))
    for number, (_, x, y, w, h) in enumerate(boxes):
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
        for _, left, top, wide, high in boxes[:number]:
            across = min(x + w, left + wide) - max(x, left)
            down = min(y + h, top + high) - max(y, top)
            assert across <= 0.2 or down <= 2.1  # hairlines are drawn two pixels high
    assert ("written over its input" in svg) == any(
        a.last == b.first and a.offset < b.offset + b.nbytes and b.offset < a.offset + a.nbytes
        for a in report.regions
        for b in report.regions
        if a is not b
    )


def test_the_map_marks_arena_lower_bound_and_peak() -> None:
    report = report_of()
    text = " ".join(t.text or "" for t in ET.fromstring(memory_map(report)).iter(f"{SVG}text"))
    assert f"arena {report.arena_bytes:,} B" in text
    assert "= its lower bound" in text
    assert "▼" in text
    above = replace(report, lower_bound_bytes=report.arena_bytes - 100)
    text = " ".join(t.text or "" for t in ET.fromstring(memory_map(above)).iter(f"{SVG}text"))
    assert f"lower bound {above.lower_bound_bytes:,} B" in text


def test_the_map_shows_state_and_lives_without_an_arena() -> None:
    report = make_report(compile_graph(everything(), "model"))
    svg = memory_map(report)
    assert len(rectangles(svg, "state")) == len(report.states)
    empty = replace(report, regions=(), arena_bytes=0, lower_bound_bytes=0, states=(), state_bytes=0)
    assert ET.fromstring(memory_map(empty)).tag == f"{SVG}svg"


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    report = report_of(3)
    regions = tuple(replace(r, name=HOSTILE) for r in report.regions)
    states = make_report(compiled(simple(start((1, 3, 1, 3))))).states
    hostile = replace(
        report, name=HOSTILE, regions=regions, states=tuple(replace(s, name=HOSTILE) for s in states), state_bytes=64
    )
    svg = memory_map(hostile)
    assert len(rectangles(svg, "tensor")) == sum(r.kind == "tensor" for r in regions)
    assert not list(ET.fromstring(svg).iter(f"{SVG}script"))
    write_report(hostile, tmp_path)
    html = (tmp_path / "report.html").read_text()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    ET.fromstring((tmp_path / "memory.svg").read_text())


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("model/conv2d/Relu;model/bn/Fused;x", "conv2d/Relu"),
        ("StatefulPartitionedCall:0", "StatefulPartitionedCall:0"),
        (";", ";"),
        ("a/b", "a/b"),
    ],
)
def test_short_names(name: str, short: str) -> None:
    assert short_name(name) == short


def test_names_that_do_not_fit_are_cut() -> None:
    assert fit_text("depthwise/BiasAdd", 200) == "depthwise/BiasAdd"
    assert fit_text("depthwise/BiasAdd", 60) == "depthwise"
    assert fit_text("depthwise/BiasAdd", 40) == "…hwise"
    assert fit_text("depthwise/BiasAdd", 10) == ""


# The page


class _Page(HTMLParser):
    """Checks that tags are closed in order, and collects addresses outside the page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []
        self.rows = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.rows += tag == "tr"
        self.outside += [v or "" for k, v in attributes if k in ("src", "href")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(tmp_path: Path) -> None:
    report = report_of(4)
    write_report(report, tmp_path)
    html = (tmp_path / "report.html").read_text()
    parsed = _Page()
    parsed.feed(html)
    assert parsed.open == []
    assert parsed.outside == []
    assert html.count("<svg") == 1
    assert "prefers-color-scheme: dark" in html
    assert f"{report.arena_bytes:,} B" in html
    shown = page(report, "")
    assert len(shown["layers"]) == len(report.layers)
    assert len(shown["regions"]) == len(report.regions) + len(report.states)
    assert max(row["percent"] for row in shown["layers"]) == 100


# The package as C meets it

PORTS = """
#include <stdio.h>
#include "model.h"
#include "model.h"
static struct ww_model a, b, c;
static char arena[WW_MODEL_ARENA_BYTES + WW_MODEL_STATE_BYTES + 1];
_Static_assert(WW_MODEL_ARENA_BYTES + WW_MODEL_STATE_BYTES <= (int)sizeof(struct ww_model) && sizeof arena, "sizes");
_Static_assert(WW_MODEL_INPUTS >= 1 && WW_MODEL_OUTPUTS >= 1 && WW_MODEL_INPUT_LENGTH <= WW_MODEL_INPUT_BYTES, "ports");
static void fill(struct ww_model *model, int seed)
{
    for (int i = 0; i < WW_MODEL_INPUT_LENGTH; i++)
        ww_model_input(model)[i] = (signed char)(i * 37 + seed * 101);
}
static void step(struct ww_model *model, int seed)
{
    fill(model, seed);
    ww_model_invoke(model);
    for (int i = 0; i < WW_MODEL_OUTPUT_LENGTH; i++)
        printf(" %d", ww_model_output(model)[i]);
    printf("\\n");
}
"""
ALONE = """int main(void) {
    ww_model_init(&a); ww_model_init(&b); (void)arena;
    for (int i = 0; i < 6; i++) step(&a, i);
    for (int i = 0; i < 6; i++) step(&b, 40 + 3 * i);
    ww_model_init(&c); for (int i = 0; i < 6; i++) { step(&c, i); }
    ww_model_reset(&c); for (int i = 0; i < 6; i++) { step(&c, i); }
    return 0; }"""
TOGETHER = """int main(void) {
    ww_model_init(&a); ww_model_init(&b); (void)arena;
    for (int i = 0; i < 6; i++) {
        fill(&a, i); fill(&b, 40 + 3 * i);
        step(&a, i); step(&b, 40 + 3 * i);
    }
    (void)c; return 0; }"""


def outputs(model: CompiledModel, main: str, folder: Path) -> list[str]:
    sources = write_sources(model, folder)
    (folder / "use.c").write_text(PORTS + main)
    run(need("gcc"), "-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-fsanitize=address,undefined", *sources,
        folder / "use.c", "-o", folder / "use")  # fmt: skip
    return run(folder / "use").splitlines()


def with_svdf() -> Model:
    net = Net((1, 8), Scale(0.1, 0))
    return net.pack(svdf(net, net.input, 6, 2, output=Scale(0.1, 0)))


@pytest.mark.parametrize("content", [chain(5), simple(start((1, 3, 1, 3))), copied(), with_svdf()])
def test_two_contexts_do_not_know_of_each_other(content: bytes, tmp_path: Path) -> None:
    model = compiled(content, "host")
    alone, together = (outputs(model, main, tmp_path / name) for name, main in (("a", ALONE), ("t", TOGETHER)))
    first, second, third, again = (alone[i : i + 6] for i in (0, 6, 12, 18))
    assert together[0::2] == first
    assert together[1::2] == second
    assert first == third == again
    assert len(set(first)) > 1  # state, or the input, shows


def many_ports() -> CompiledModel:
    """Two inputs and three outputs, int8 and uint8."""
    net = Net((1, 2, 2, 4), Scale(0.1, 3))
    other = net.tensor((1, 2, 2, 4), Scale(0.1, 3))
    joined = net.concatenate([net.input, other], 3)
    y = net.quantize(joined, Scale(0.2, 7), "uint8")
    net.main.interface([net.input, other], [joined, y, net.logistic(net.input)])
    return compile_graph(parse_model(net.builder.pack()), "model")


def test_main_fills_every_input_and_prints_every_output(tmp_path: Path) -> None:
    model = many_ports()
    write_package(model, tmp_path)
    sources = sorted(tmp_path.glob("*.c"))
    for compiler in ("gcc", "clang"):
        run(need(compiler), *STRICT, "-Wdouble-promotion", "-O2", *sources, "-o", tmp_path / "example")
        text = run(tmp_path / "example")
        names = {line.split("[")[0] for line in text.splitlines()}
        assert names == {"output", "output_1", "output_2"}
        assert "output[0] = -128, which is -13.1" in text
        assert "output[7] = -" in text
    header = model.files["model.h"]
    assert "WW_MODEL_INPUTS = 2," in header
    assert "WW_MODEL_OUTPUTS = 3," in header
    assert "WW_MODEL_INPUT_1_LENGTH = 16," in header
    assert "float" not in re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_main_knows_other_types(dtype: str, tmp_path: Path) -> None:
    """Types that the compiler has no operators for yet: the text of main.c and model.h only."""
    model = compiled(chain(2), "host")
    program = model.program
    tensors = tuple(
        replace(t, dtype=dtype) if t.index in (*program.graph.inputs, *program.graph.outputs) else t
        for t in program.graph.tensors
    )
    program.graph = replace(program.graph, tensors=tensors)
    files = render(program, model.memory, "model", model.names)
    for name in ("main.c", "model.h"):
        (tmp_path / name).write_text(files[name])
    run(need("gcc"), *STRICT, "-c", tmp_path / "main.c", "-o", tmp_path / "main.o")
    assert ("float *ww_model_input" if dtype == "float32" else "int16_t *ww_model_input") in files["model.h"]


def test_main_is_nothing_to_arduino(tmp_path: Path) -> None:
    write_package(many_ports(), tmp_path)
    run(need("gcc"), *STRICT, "-DARDUINO=10819", "-c", tmp_path / "main.c", "-o", tmp_path / "main.o")
    assert run("nm", tmp_path / "main.o").strip() == ""


def test_the_header_is_c_plus_plus_11_constants_included(tmp_path: Path) -> None:
    write_package(many_ports(), tmp_path)
    (tmp_path / "use.cpp").write_text(
        '#include "model.h"\n#include "model.h"\n'
        'static_assert(WW_MODEL_ARENA_BYTES > 0 && WW_MODEL_STATE_BYTES == 0, "constants");\n'
        "static char bytes[WW_MODEL_ARENA_BYTES]; static float scale = WW_MODEL_INPUT_1_SCALE;\n"
        'static_assert(WW_MODEL_OUTPUT_1_SCALE > 0.19f, "a constant, too");\n'
        "int main() { static ww_model m; ww_model_init(&m); ww_model_input_1(&m)[0] = 1; ww_model_invoke(&m);\n"
        "  return ww_model_output_1(&m)[0] + bytes[0] + (int)sizeof bytes + (scale > 1.0f ? 1 : 0) > 1000; }\n"
    )
    objects = []
    for source in write_sources(many_ports(), tmp_path):
        objects.append(source.with_suffix(".o"))
        run(need("gcc"), "-std=c99", "-c", source, "-o", objects[-1])
    for compiler in ("g++", "clang++"):
        if shutil.which(compiler):
            flags = ("-std=c++11", "-Wall", "-Wextra", "-Wconversion", "-pedantic")
            run(compiler, *flags, "-Werror", tmp_path / "use.cpp", *objects, "-o", tmp_path / "use")
            subprocess.run([tmp_path / "use"], check=True)


@pytest.mark.parametrize("name", ["9 lives", "ünïcode 名", "名", "x" * 200, "*/ int", "a\nb=c", "..", "wake-word.v2"])
def test_library_names_are_arduinos(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{0,62}", library_name(name))
