"""What picotool says of a Pico's image: name, version, phrase and board, in the format of the SDK's binary information.

The reader has its numbers from the SDK's headers, and follows picotool: it looks at the first 64 words of the program.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from framework_projects import content_of, need, render

from wwtool import __version__, packages
from wwtool.firmware.link_map import entries
from wwtool.firmware.uf2 import BOOT2_BYTES, FLASH_BASE, from_uf2

WORDS = 64
MARKS = 0x7188EBF2, 0xE71AA390
ID_AND_STRING, RASPBERRY_PI = 6, 0x5052
FIELDS = {0x02031C86: "name", 0x11A9BC3A: "version", 0xB6A07C19: "description", 0xB63CFFBB: "board"}
MOST_BYTES = 128  # of flash


def read_words(image: bytes, offset: int, count: int) -> tuple[int, ...]:
    assert 0 <= offset <= len(image) - 4 * count, "an address that is not in the file"
    return struct.unpack_from(f"<{count}I", image, offset)


def binary_info(uf2: bytes) -> dict[str, str]:
    """The texts in a UF2 file, by what they are."""
    base, image = from_uf2(uf2)
    words = read_words(image, BOOT2_BYTES if base == FLASH_BASE else 0, WORDS)
    (start,) = [n for n in range(WORDS - 4) if (words[n], words[n + 4]) == MARKS]
    first, end, copies = words[start + 1 : start + 4]
    assert read_words(image, copies - base, 3)[0] == 0, "nothing has to be found where start-up takes it from"
    found = {}
    for address in read_words(image, first - base, (end - first) // 4):
        kind, field, text = read_words(image, address - base, 3)
        assert kind == ID_AND_STRING | RASPBERRY_PI << 16
        found[FIELDS[field]] = image[text - base : image.index(b"\0", text - base)].decode("ascii")
    return found


@pytest.mark.parametrize(
    ("phrase", "read", "name", "description"),
    [
        ("hey computer", "dual", "hey_computer", "hey computer"),
        ("schön [x]", "quad", "schon_x", "sch?n ?x?"),
    ],
)
def test_an_image_says_what_it_is(phrase: str, read: str, name: str, description: str, tmp_path: Path) -> None:
    """In flash and from RAM, whatever of the program start-up copies, and however much of its place boot2 needs."""
    need("arm-none-eabi-gcc")
    content = content_of("pico", phrase)
    chip = content.platform.chip.model_copy(update={"flash_read": read})
    content = replace(content, platform=content.platform.model_copy(update={"chip": chip}))
    project = render("bare-metal", content, tmp_path / "project")
    image = packages.look_up("bare-metal").build(project, content, tmp_path / "objects", tmp_path)
    assert image is not None and image.sizes.resident_ram > 0
    costs = [nbytes for _, _, nbytes, owner in entries(image.files["map"]) if owner.startswith("board_binary_info.")]
    assert 0 < sum(costs) <= MOST_BYTES
    for kind in ("uf2", "ram.uf2"):
        assert binary_info(image.files[kind].read_bytes()) == {
            "name": name, "version": __version__, "description": description, "board": "pico",
        }  # fmt: skip
