"""The front end whose features a model reads, as a note in its .tflite; without one it is the micro front end."""

from __future__ import annotations

from wwtool.base.records import parse_json
from wwtool.errors import InputError
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END, front_end_from

FRONT_END = "wwtool.front_end"
"""The name of the note in the file's metadata; it holds ``FrontEnd.as_dict`` as JSON."""

_MOST_BYTES = 1 << 16


def front_end_in(note: bytes | None, name: str) -> FrontEnd:
    """The front end that a model's note tells of, None: there is no note; ``name`` stands for the file in messages.

    Raises:
        InputError: the note is damaged, or wwtool has no such front end.
    """
    if note is None:
        return DEFAULT_FRONT_END
    try:
        if len(note) > _MOST_BYTES:
            raise InputError(f"the note {FRONT_END} is too long; export the model again")
        return front_end_from(parse_json(note.decode(), f"the note {FRONT_END}"))
    except (InputError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: {error}") from error
