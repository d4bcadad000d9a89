"""C text of a lowered program. Pure functions decide names, offsets and literals; templates only hold text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wwtool import __version__
from wwtool.base.assets import asset_dir
from wwtool.compiler.calls import Call, Constant, Scratch, Span
from wwtool.compiler.emit.naming import Names
from wwtool.compiler.memory.addresses import Memory
from wwtool.compiler.program import Program, SlidingWindow
from wwtool.tflite.graph import Tensor
from wwtool.tflite.operators.variables import initial_value

_LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}
_DECLARATION = re.compile(r"^void (ww_\w+)\(", re.MULTILINE)
_PRINTED_ELEMENTS = 20  # of each output, by the example program
_TEMPLATES = (".h", ".c", "_weights.h", "_weights.c")


@dataclass(frozen=True)
class Interface:
    """One input or output of the model as C sees it."""

    macro: str
    names: Names
    ctype: str
    tensor: Tensor
    writable: bool
    area: str

    @property
    def accessor(self) -> str:
        """The C function that returns its memory."""
        return f"{self.names.prefix}_{self.macro.lower()}"

    @property
    def context(self) -> dict[str, Any]:
        t, prefix = self.tensor, self.names.prefix
        pointer = f"{self.ctype} *" if self.writable else f"const {self.ctype} *"
        owner = f"struct {prefix} *model" if self.writable else f"const struct {prefix} *model"
        declaration = f"{pointer}{self.accessor}({owner})"
        cast = "" if t.dtype == "int8" else f"({pointer.strip()})"
        definition = f"{declaration}\n{{\n    return {cast}({self.area});\n}}"
        return {
            "index": t.index,
            "macro": self.macro,
            "accessor": self.accessor,
            "name": self.macro.lower(),
            "ctype": self.ctype,
            "limits": _LIMITS.get(t.dtype) if t.scale > 0 else None,
            "integer": t.dtype != "float32",
            "length": t.size,
            "shown": min(t.size, _PRINTED_ELEMENTS),
            "nbytes": t.nbytes,
            "shape": "x".join(map(str, t.shape)),
            "dtype": t.dtype,
            "zero_point": t.zero_point,
            "scale": float_literal(t.scale),
            "declaration": declaration,
            "definition": definition,
        }


def render(program: Program, memory: Memory, title: str, names: Names) -> dict[str, str]:
    """Returns the text of model.h, model.c, model_weights.h, model_weights.c, main.c by file name."""
    context = _context(program, memory, title, names)
    environment = template_environment("compiler")
    texts = {names.stem + end: environment.get_template(f"model{end}.j2").render(context) for end in _TEMPLATES}
    texts["main.c"] = environment.get_template("main.c.j2").render(context)
    return texts


def row_runner(program: Program, memory: Memory, names: Names) -> str:
    """The text of a program that reads rows of all inputs from standard input and writes rows of all outputs."""
    ports = interfaces(program, memory, names)
    # Inputs that are also outputs: no kernel computes them, so no trace of a kernel has them.
    inputs = program.graph.input_set
    passed = {io.tensor.index: io.context for io in ports if not io.writable and io.tensor.index in inputs}
    context = {
        "names": names,
        "inputs": [io.context for io in ports if io.writable],
        "outputs": [io.context for io in ports if not io.writable],
        "passed": list(passed.values()),
    }
    return template_environment("compiler").get_template("run_rows.c.j2").render(context)


@cache
def template_environment(folder: str) -> Environment:
    """The Jinja environment of a folder of firmware_templates; an undefined name is an error."""
    loader = FileSystemLoader(asset_dir("firmware_templates") / folder)
    return Environment(loader=loader, undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)


def comment_text(text: str) -> str:
    """Text for a comment in C, CMake or make: one line that cannot end the comment or continue on the next line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line.replace("*/", "* /").replace("/*", "/ *").rstrip("\\").replace("??/", "?? /")


def float_literal(value: float) -> str:
    """A C float literal that reads back as the same float32.

    >>> float_literal(0.1), float_literal(1.0)
    ('1.0e-01f', '1.0e+00f')
    """
    text = np.format_float_scientific(np.float32(value), unique=True, trim="0")
    return f"{text}f"


def constants_of(program: Program) -> list[Constant]:
    """Every constant of the program once, in the order of use."""
    by_name = {c.name: c for call in program.calls for c in call.constants()}
    return list(by_name.values())


def interfaces(program: Program, memory: Memory, names: Names) -> list[Interface]:
    """The model's inputs, then its outputs; the names of the first ones have no number."""
    result = []
    for kind, indices, writable in (("input", program.graph.inputs, True), ("output", program.graph.outputs, False)):
        for n, index in enumerate(indices):
            suffix = f"_{n}" if n else ""
            t = program.graph.tensor(index)
            address = memory.address(index)
            area = f"(const int8_t *)model->{address.area} + {address.offset}"
            if writable:
                area = f"(int8_t *)model->{address.area} + {address.offset}"
            ctype = {"float32": "float", "bool": "uint8_t"}.get(t.dtype, f"{t.dtype}_t")
            result.append(Interface(f"{kind.upper()}{suffix}", names, ctype, t, writable, area))
    return result


def _context(program: Program, memory: Memory, title: str, names: Names) -> dict[str, Any]:
    lines = [_operator(call, memory, n, name) for n, (call, name) in enumerate(_named(program.calls))]
    _add_traces(program, memory, lines)
    shifts: list[str] = []
    initial: list[str] = []
    data: list[Constant] = []
    for window in program.windows:
        start = memory.state_offsets[window.tensor]
        shifts.append(_shift(program.slide, start, window))
        _set_initial(initial, data, start, window.initial)
    for i, state in enumerate(program.states):
        _set_initial(initial, data, memory.state_offsets[-1 - i], state.initial)
    for variable in program.variables:
        start, value = memory.state_offsets[variable.index], int(initial_value(variable))
        initial.append(f"memset(state + {start}, {value}, {variable.nbytes});")
    text = "\n".join([*(line["call"] + "".join(line["traces"]) for line in lines), *shifts])
    constants = [*constants_of(program), *data]
    ports = interfaces(program, memory, names)
    inputs, outputs = ([io.context for io in ports if io.writable is writable] for writable in (True, False))
    return {
        "title": comment_text(title),
        "names": names,
        "functions": ["init", "reset", "invoke", *(io["name"] for io in [*inputs, *outputs])],
        "version": __version__,
        "sha256": program.graph.sha256,
        "arena_bytes": memory.arena_bytes,
        "state_bytes": memory.state_bytes,
        "arena_words": max(memory.arena_bytes // 4, 1),
        "state_words": max(memory.state_bytes // 4, 1),
        "inputs": inputs,
        "outputs": outputs,
        "interface": [*inputs, *outputs],
        "quantizes": any(io["limits"] for io in inputs),
        "dequantizes": any(io["limits"] for io in outputs),
        "operators": lines,
        "initial": initial,
        "shifts": shifts,
        "headers": sorted({_header(function) for function in program.functions} | {"ww_kernels.h"}),
        "uses_state": "state + " in text,
        "uses_arena": "arena + " in text,
        "constants": [_constant(c) for c in constants],
        "total": sum(c.nbytes for c in constants),
    }


def _shift(slide: str, start: int, window: SlidingWindow) -> str:
    if slide:
        return f"{slide}(state + {start}, {window.new_bytes}, {window.keep_bytes});"
    return f"memmove(state + {start}, state + {start + window.new_bytes}, {window.keep_bytes});"


def _header(function: str) -> str:
    """The header that declares a kernel."""
    return _declarations()[function]


@cache
def _declarations() -> dict[str, str]:
    headers = sorted((asset_dir("firmware_templates") / "core" / "kernels").glob("ww_kernels*.h"))
    return {name: file.name for file in headers for name in _DECLARATION.findall(file.read_text())}


def _set_initial(lines: list[str], data: list[Constant], offset: int, initial: Any) -> None:
    """Adds the code that sets an initial value: a memset if all bytes are equal, or a copy of a constant."""
    raw = np.frombuffer(np.ascontiguousarray(initial).tobytes(), np.int8)
    if np.all(raw == raw[0]):
        lines.append(f"memset(state + {offset}, {int(raw[0])}, {raw.size});")
    else:
        constant = Constant(f"initial_{offset}", "int8_t", raw)
        data.append(constant)
        lines.append(f"memcpy(state + {offset}, {constant.name}, {raw.size});")


def _named(calls: list[Call]) -> Iterator[tuple[Call, str]]:
    """The calls with names for their parameters; some operators need several calls."""
    count: Counter[int] = Counter()
    for call in calls:
        number = count[call.operator]
        count[call.operator] += bool(call.struct)
        yield call, f"op{call.operator}_{number}" if number else f"op{call.operator}"


def _operator(call: Call, memory: Memory, number: int, name: str) -> dict[str, Any]:
    arguments = [f"&{name}"] if call.struct else []
    arguments += [_argument(a, memory, number) for a in call.arguments]
    graph = memory.program.graph
    shapes = " -> ".join(
        "x".join(map(str, graph.tensor(t).shape)) for t in (*call.reads[:1], *call.writes[:1]) if t >= 0
    )
    return {
        "name": name,
        "struct": call.struct,
        "comment": f"{call.operator}: {call.kind} {shapes}".rstrip(),
        "fields": _fields(_with_direction(call, memory, number)) if call.struct else "",
        "call": f"{call.function}({', '.join(arguments)});",
        "traces": [],
        "number": number,
    }


def _with_direction(call: Call, memory: Memory, step: int) -> dict[str, Any]:
    backwards = {"backwards": int(memory.backwards(step))} if "backwards" in call.fields else {}
    return {**call.fields, **backwards}


def _add_traces(program: Program, memory: Memory, lines: list[dict[str, Any]]) -> None:
    """Adds traces after each call, of all tensors that it completes: its outputs, their pieces, and joined tensors."""
    graph = program.graph
    # Old and new frames of a window exist only as parts of it.
    joined = {w.tensor for w in program.windows}
    dropped = {t for op in graph.operators if op.index in program.replaced for t in op.outputs} - joined
    steps = _completing_steps(program)
    for t in graph.tensors:
        step = steps.get(t.index)
        if step is None or t.index in dropped or t.index in graph.input_set or t.dtype == "resource" or not lines:
            continue
        address = memory.address(t.index)
        lines[max(step, 0)]["traces"].append(f"TRACE({t.index}, {address.area} + {address.offset}, {t.nbytes});")


def _completing_steps(program: Program) -> dict[int, int]:
    """For each tensor the number of the last call that writes to it or to a part of it; -1 for the model's inputs."""
    steps = dict.fromkeys(program.graph.inputs, -1)
    writes = {t: n for n, call in enumerate(program.calls) for t in call.writes}
    waiting, expanded = [*writes, *program.parts], set()
    while waiting:
        tensor = waiting[-1]
        parts = program.parts.get(tensor, ())
        if tensor not in expanded:  # after its parts
            expanded.add(tensor)
            waiting += [part for part in parts if part not in expanded]
            continue
        waiting.pop()
        if tensor not in steps and all(part in steps for part in parts):
            steps[tensor] = max([writes.get(tensor, -1), *(steps[part] for part in parts)])
    return steps


def _argument(argument: Span | Scratch | Constant | int, memory: Memory, step: int) -> str:
    if isinstance(argument, Scratch):
        address = memory.scratch(step)
        return f"(void *)({address.area} + {address.offset})"
    if isinstance(argument, Span):
        address = memory.address(argument.tensor, argument.offset)
        return f"{address.area} + {address.offset}"
    return argument.name if isinstance(argument, Constant) else str(argument)


def _fields(fields: dict[str, Any], depth: int = 1) -> str:
    indent = "    " * depth
    lines = []
    for key, value in fields.items():
        if isinstance(value, dict):
            text = _fields(value, depth + 1)
        elif isinstance(value, Constant):
            text = value.name
        elif isinstance(value, tuple):
            text = "{" + ", ".join(map(str, value)) + "}"
        elif isinstance(value, float):
            text = float_literal(value)
        else:
            text = _integer_literal(int(value), "int32_t")
        lines.append(f"{indent}.{key} = {text},")
    return "{\n" + "\n".join(lines) + "\n" + "    " * (depth - 1) + "}"


def _constant(constant: Constant) -> dict[str, Any]:
    values, per_row = constant.values, 10 if constant.ctype == "uint32_t" else 20
    rows = (values[i : i + per_row].tolist() for i in range(0, len(values), per_row))
    lines = [_integer_literals(row, constant.ctype) for row in rows]
    return {
        "name": constant.name,
        "ctype": constant.ctype,
        "count": len(values),
        "attribute": f" __attribute__((aligned({constant.alignment})))" if constant.alignment else "",
        "body": "\n".join(f"    {line}," for line in lines),
    }


def _integer_literals(values: list[int], ctype: str) -> str:
    if ctype == "uint32_t" or min(values) == -(2**31):
        return ", ".join(_integer_literal(value, ctype) for value in values)
    return str(values)[1:-1]  # models have millions of weights


def _integer_literal(value: int, ctype: str) -> str:
    # C has no negative literals: -2147483648 would be a long.
    if ctype == "uint32_t":
        return f"0x{value:08x}u"
    return "(-2147483647 - 1)" if ctype == "int32_t" and value == -(2**31) else str(value)
