"""Arrays of constants as C text."""

from __future__ import annotations

from collections.abc import Sequence

_WIDTH = 118


def c_array(comment: str, ctype: str, name: str, values: Sequence[int] | Sequence[Sequence[int]]) -> str:
    """The definition of a constant array with a comment; ``name`` has the dimensions.

    >>> print(c_array("Two.", "int8_t", "two[2]", [1, -2]), end="")
    /* Two. */
    const int8_t two[2] = {
        1, -2,
    };
    """
    rows = [value for value in values if not isinstance(value, int)]
    body = "\n".join(f"    {{\n{_lines(row, 8)}\n    }}," for row in rows) if rows else _lines(values, 4)
    return f"/* {comment} */\nconst {ctype} {name} = {{\n{body}\n}};\n"


def _lines(values: Sequence[object], indent: int) -> str:
    lines: list[str] = []
    line = " " * (indent - 1)
    for value in values:
        item = f" {value},"
        if len(line) + len(item) > _WIDTH:
            lines.append(line)
            line = " " * (indent - 1)
        line += item
    return "\n".join([*lines, line])
