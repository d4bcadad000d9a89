"""Registers as chip vendors publish them: ESP-IDF's ``*_reg.h``, and the SVD files of the RP2040 and the nRF52840."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

_ALL = 0xFFFFFFFF
_DEFINE = re.compile(r"#define (\w+)(?:\(\s*(\w+)\s*\))?[ \t]+(\S.*)")
_FIELD = re.compile(
    r"/\*\*? (\w+) : ([\w/ ]+?) ?; ?bitpos: ?\[(\d+)(?::(\d+))?\] ?; ?default: ?([~\w']+)"  # of a register above
)
_BASES = {"h": 16, "d": 10, "b": 2, "o": 8}
_IS_BASE, _IS_ADDRESS = re.compile(r"DR_REG_|\w+_BASE$"), re.compile(r"\(?\w*_BASE\b|\(?0x600[0-9A-F]{5}")
_READ_ONLY = re.compile(r"RO|HRO|R/SS.*|R/WTC/SS")


@dataclass(frozen=True)
class Field:
    """Some bits of a register, and whether a program may write them; ``clears``: a 1 clears."""

    name: str
    low: int
    high: int
    writable: bool = True
    clears: bool = False

    @property
    def mask(self) -> int:
        return (1 << self.high + 1) - (1 << self.low)


@dataclass
class Register:
    """A register; ``reset``: its value after one, None if the vendor does not say it.

    One without fields is writable as a whole.
    """

    name: str
    at: int
    reset: int | None = None
    fields: list[Field] = field(default_factory=list)

    @property
    def writable(self) -> int:
        return union(one.mask for one in self.fields if one.writable) if self.fields else _ALL

    def mask(self, names: str) -> int | None:
        """The bits of fields, ``A`` or ``A+B``; None if one of them is not there."""
        known = {one.name: one.mask for one in self.fields}
        return union(known[name] for name in names.split("+")) if set(names.split("+")) <= set(known) else None


def union(masks: Iterable[int]) -> int:
    """All bits that are in one of them."""
    return reduce(or_, masks, 0)


def integer(expression: str, names: Callable[[str], int]) -> int:
    """The value of a C expression of integers.

    Raises:
        ValueError: it is another kind of text.
    """
    text = re.sub(r"\(u?int\d*_t\)|\(uintptr_t\)|(?<=[0-9A-Fa-f])[uU][lL]*\b", "", expression)
    text = re.sub(r"\( ?([^()?]+|\([^()]*\)[^()?]*)\?([^():]+):([^():]+)\)", r"((\2) if (\1) else (\3))", text)
    try:
        return _value(ast.parse(text.strip().replace(" / ", " // "), mode="eval").body, names)
    except (SyntaxError, KeyError, ZeroDivisionError) as error:
        raise ValueError(expression) from error


def _value(node: ast.expr, names: Callable[[str], int]) -> int:
    operators: dict[type, Callable[[int, int], int]] = {
        ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
        ast.FloorDiv: lambda a, b: a // b, ast.Div: lambda a, b: a // b, ast.Mod: lambda a, b: a % b,
        ast.LShift: lambda a, b: a << b, ast.RShift: lambda a, b: a >> b, ast.BitOr: lambda a, b: a | b,
        ast.BitAnd: lambda a, b: a & b,
    }  # fmt: skip
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Name):
        return names(node.id)
    if isinstance(node, ast.BinOp) and type(node.op) in operators:
        return operators[type(node.op)](_value(node.left, names), _value(node.right, names))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
        return ~_value(node.operand, names) & _ALL
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, names)
    if isinstance(node, ast.IfExp):
        return _value(node.body if _value(node.test, names) else node.orelse, names)
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Gt):
        return int(_value(node.left, names) > _value(node.comparators[0], names))
    raise ValueError(ast.dump(node))


def defines(text: str) -> dict[str, tuple[str | None, str]]:
    """Macros of a header: the parameter, if there is one, and the body without comments."""
    joined = re.sub(r"/\*.*?\*/|//[^\n]*", "", text.replace("\\\n", " "), flags=re.S)
    return {name: (parameter or None, body.strip()) for name, parameter, body in _DEFINE.findall(joined)}


class Macros:
    """Values of macros that refer to each other."""

    def __init__(self, known: dict[str, tuple[str | None, str]]) -> None:
        self.known = known

    def value(self, name: str, argument: int = 0) -> int:
        """The value of a macro. Raises ValueError if it is no integer."""
        parameter, body = self.known[name]
        for other, (its, inner) in self.known.items():
            if its is not None and other != name and f"{other}(" in body.replace(" ", ""):
                body = re.sub(rf"\b{other}\s*\(([^()]*)\)", lambda m, p=its, b=inner: _inserted(p, b, m[1]), body)  # type: ignore[misc]
        return integer(body, lambda used: argument if used == parameter else self.value(used))


def _inserted(parameter: str, body: str, argument: str) -> str:
    argument = argument.strip() if re.fullmatch(r"\s*\w+\s*", argument) else f"({argument})"
    return "(" + re.sub(rf"\b{parameter}\b", argument, body) + ")"


def from_headers(folder: Path) -> list[Register]:
    """The registers of ESP-IDF's headers for one chip, somewhere below a folder."""
    texts = {path.name: path.read_text(errors="replace") for path in sorted(folder.rglob("*.h"))}
    bases = {name: entry for text in texts.values() for name, entry in defines(text).items() if _IS_BASE.match(name)}
    macros = Macros({**bases, "BIT": ("n", "1 << n")})
    found = [Register(name, macros.value(name)) for name in bases if name.startswith("DR_REG_")]
    for text in texts.values():
        found += _of_header(text, macros)
    for register in found:
        register.reset = register.reset if register.fields and "PERIPHS_IO_MUX" not in register.name else None
    return found


def _of_header(text: str, macros: Macros) -> Iterator[Register]:
    pads = _pad_fields(text)
    current: list[Register] = []
    for line in text.splitlines():
        if comment := _FIELD.match(line):
            _add(current, *comment.groups())
        elif (macro := _DEFINE.match(line)) and _IS_ADDRESS.match(macro[3]) and "BASE" not in macro[1]:
            known = Macros({**macros.known, macro[1]: (macro[2], re.sub(r"/\*.*", "", macro[3]))})
            try:
                current = [
                    Register(macro[1], known.value(macro[1], i), 0, list(pads)) for i in (0, 1)[: 2 if macro[2] else 1]
                ]
            except (ValueError, KeyError):
                continue
            yield from current


def _pad_fields(text: str) -> list[Field]:
    """The fields of all pads, in the header that has macros for them and no comments."""
    if "PERIPHS_IO_MUX" not in text:
        return []
    macros = Macros(
        {name: (parameter, body) for name, (parameter, body) in defines(text).items() if name[-2:] in ("_S", "_V")}
    )
    names = [name[:-2] for name in macros.known if re.fullmatch(r"(SLP|FUN|MCU|FILTER)_\w+_V", name)]
    lows = {name: macros.value(f"{name}_S") for name in names}
    return [Field(name, low, low + macros.value(f"{name}_V").bit_length() - 1) for name, low in lows.items()]


def _add(registers: list[Register], name: str, access: str, first: str, last: str | None, default: str) -> None:
    high, low = int(first), int(last or first)
    clears = access.startswith("WT") or access == "R/WTC/SS"
    for register in registers:
        register.fields.append(Field(name, low, high, not _READ_ONLY.fullmatch(access), clears))
        value = _default(default, high - low + 1)
        register.reset = None if register.reset is None or value is None else register.reset | value << low


def _default(text: str, bits: int) -> int | None:
    inverted, digits = text.startswith("~"), text.lstrip("~")
    if "'" in digits:
        _, digits = digits.split("'")
        base = _BASES.get(digits[0])
        value = int(digits[1:], base) if base else None
    else:
        value = int(digits, 0) if re.fullmatch(r"0x[0-9a-fA-F]+|\d+", digits) else None
    if value is None:
        return None
    return (~value if inverted else value) & (1 << bits) - 1


def from_svd(path: Path) -> list[Register]:
    """The registers of an SVD file."""
    peripherals = {_text(node, "name"): node for node in ElementTree.parse(path).iter("peripheral")}
    found = []
    for name, node in peripherals.items():
        source = peripherals[node.attrib["derivedFrom"]] if "derivedFrom" in node.attrib else node
        registers = node.find("registers") if node.find("registers") is not None else source.find("registers")
        base = int(_text(node, "baseAddress"), 0)
        found += [] if registers is None else list(_of_cluster(registers, name, base))
    return found


def _text(node: Any, tag: str, default: str = "") -> str:
    child = node.find(tag)
    return (child.text or "").strip() if child is not None else default


def _places(node: Any) -> Iterator[tuple[str, int]]:
    """Names and offsets of an element of an array, or of one that is alone."""
    name, offset = _text(node, "name"), int(_text(node, "addressOffset"), 0)
    count, step = int(_text(node, "dim", "1"), 0), int(_text(node, "dimIncrement", "0"), 0)
    for index in range(count):
        yield name.replace("[%s]", str(index)).replace("%s", str(index)), offset + step * index


def _of_cluster(node: Any, prefix: str, base: int) -> Iterator[Register]:
    for cluster in node.findall("cluster"):
        for name, offset in _places(cluster):
            yield from _of_cluster(cluster, f"{prefix}_{name}", base + offset)
    for register in node.findall("register"):
        fields = [_field(one, _text(register, "access", "read-write")) for one in register.iter("field")]
        reset = int(_text(register, "resetValue", "0"), 0)
        for name, offset in _places(register):
            yield Register(f"{prefix}_{name}", base + offset, reset, fields)


def _field(node: Any, access: str) -> Field:
    if span := _text(node, "bitRange"):
        high, low = (int(number) for number in span.strip("[]").split(":"))
    else:
        high, low = int(_text(node, "msb"), 0), int(_text(node, "lsb"), 0)
    writable = _text(node, "access", access) != "read-only"
    return Field(_text(node, "name"), low, high, writable, _text(node, "modifiedWriteValues") == "oneToClear")
