"""The script that makes image files: its command line means what wwtool's own calls mean."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wwtool.errors import InputError
from wwtool.firmware import make_image
from wwtool.firmware.esp_image import Mapped, parse_esp_image
from wwtool.firmware.make_image import Recipe, make, raw_image

ESP = Recipe(esp=("esp32s3", "dio", "80m", 4))
recipes = st.builds(
    Recipe,
    st.booleans(),
    st.integers(0, 2**32 - 1),
    st.none() | st.integers(0, 2**32 - 1),
    st.none()
    | st.tuples(
        st.sampled_from(sorted(make_image.ESP_CHIPS)),
        st.sampled_from(sorted(make_image.ESP_MODES)),
        st.sampled_from(sorted(make_image.ESP_FREQUENCIES)),
        st.sampled_from(sorted(make_image.ESP_SIZES_MB)),
    ),
)


def elf_of(*sections: tuple[int, int, bytes], entry: int = 0) -> bytes:
    """An ELF of sections (address, load address, content), each with a segment of its own."""
    place = 52
    body, programs, headers = b"", b"", bytes(40)
    for address, load, content in sections:
        programs += struct.pack("<8I", 1, place + len(body), address, load, len(content), len(content), 5, 4)
        headers += struct.pack("<10I", 0, 1, 2, address, place + len(body), len(content), 0, 0, 4, 0)
        body += content
    header = struct.pack(
        "<4s12B2HI3I I6H", b"\x7fELF", 1, 1, 1, *bytes(9), 2, 40, 1, entry, place + len(body),
        place + len(body) + len(programs), 0, 52, 32, len(sections), 40, len(sections) + 1, 0,
    )  # fmt: skip
    return header + body + programs + headers


@given(recipe=recipes, kind=st.sampled_from(["bin", "uf2", "hex"]))
def test_the_command_line_makes_what_the_function_makes(
    recipe: Recipe, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("images")
    elf = elf_of((0x20000000, 0x20000000, bytes(range(256)) * 2))
    (folder / "x.elf").write_bytes(elf)
    target = folder / f"y.{kind}"
    assert make_image.main([*recipe.arguments(), str(folder / "x.elf"), str(target)]) == 0
    assert target.read_bytes() == make(elf, kind, recipe)


def test_sections_lie_where_they_are_loaded() -> None:
    elf = elf_of((0x10000000, 0x10000000, b"code"), (0x20000000, 0x10000008, b"data"))
    assert raw_image(elf) == (0x10000000, b"code\0\0\0\0data")


def test_what_touches_is_one_segment_of_an_esp32() -> None:
    elf = elf_of((0x40378000, 0x40378000, b"code"), (0x3FC88010, 0, b"da"), (0x3FC88012, 0, b"ta."), entry=0x40378000)
    image = parse_esp_image(make(elf, "bin", ESP))
    assert [(s.address, s.content) for s in image.segments] == [
        (0x3FC88010, b"data.\0\0\0"),
        (0x40378000, b"code"),
    ]
    assert image.entry == 0x40378000


@given(
    code=st.binary(min_size=1, max_size=300),
    data=st.binary(max_size=300),
    weights=st.binary(min_size=1, max_size=300),
    after=st.integers(0, 70_000),
)
def test_mapped_constants_lie_where_their_address_says(code: bytes, data: bytes, weights: bytes, after: int) -> None:
    in_ram = ((0x40378000, 0, code), (0x3FC90000, 0, data)) if data else ((0x40378000, 0, code),)
    alone = make(elf_of(*in_ram), "bin", ESP)
    offset = len(alone) + 16 + after
    content = make(elf_of(*in_ram, (0x3C000000 + offset, 0, weights)), "bin", ESP)
    assert content[: len(alone)] == alone, "the ROM does not see the rest"
    assert content[offset : offset + len(weights)] == weights
    image = parse_esp_image(content)
    assert image.segments == parse_esp_image(alone).segments and not parse_esp_image(alone).mapped
    assert image.mapped == (Mapped(0x3C000000 + offset, offset, -(-len(weights) // 4) * 4),)
    with pytest.raises(InputError, match="ends within a segment"):
        parse_esp_image(content[:-1])


@pytest.mark.parametrize(
    ("elf", "recipe", "said"),
    [
        (b"", Recipe(), "not a 32-bit"),
        (b"\x7fELF\x01\x01", Recipe(), "cut off"),
        (elf_of((0, 0, b"x"))[:-30], Recipe(), "cut off"),
        (elf_of(), Recipe(), "nothing to load"),
        (elf_of((0, 0, b"abc"), (8, 2, b"x")), Recipe(), "far from the others"),
        (elf_of((0, 0, b"x"), (0, 0xF0000000, b"x")), Recipe(), "far from the others"),
        (elf_of((0x42000000, 0, b"x")), ESP, "linked into flash"),
        (elf_of((0x40378000, 0, b"x"), (0x3C000040, 0, b"x")), ESP, "link it at 0x3c000060 or later"),
        (elf_of((0x40378000, 0, b"x"), (0x3C400000, 0, b"x")), ESP, "exceeds 4 MB of flash"),
        (elf_of((0x40378000, 0, b"x")), Recipe(esp=("esp32s3", "dio", "80m", 3)), "3 MB"),
        (elf_of((0, 0, b"x")), Recipe(boot2=True), "boot2"),
    ],
)
def test_what_no_image_can_be_made_of(elf: bytes, recipe: Recipe, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        make(elf, "bin", recipe)
    (tmp_path / "x.elf").write_bytes(elf)
    assert make_image.main([*recipe.arguments(), str(tmp_path / "x.elf"), str(tmp_path / "x.bin")]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["x.elf"]


def test_words_that_mean_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["x.elf", "x.txt"],
        ["--esp", "esp32s3,dio", "x.elf", "x.bin"],
        ["--family", "pico", "x.elf", "x.uf2"],
    ):
        with pytest.raises(SystemExit) as end:
            make_image.main(words)
        assert end.value.code == 2
    assert "does not end in .bin, .uf2, .hex" in capsys.readouterr().err
