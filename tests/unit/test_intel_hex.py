"""Intel HEX files: known records, whatever is written is read back, damage is refused."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wwtool.errors import InputError
from wwtool.firmware import intel_hex
from wwtool.firmware.intel_hex import from_hex, to_hex


def test_the_example() -> None:
    assert doctest.testmod(intel_hex).failed == 0


def test_a_known_record() -> None:
    # The example of Wikipedia's article on the format.
    image = bytes.fromhex("214601360121470136007EFE09D21901")
    assert ":10010000214601360121470136007EFE09D2190140\n" in to_hex(image, 0x100)


@given(image=st.binary(max_size=300), base=st.integers(0, (1 << 32) - 300))
@example(image=bytes(40), base=0xFFF0)  # over the end of a bank
@example(image=bytes(40), base=0xFFF9)
@example(image=bytes(300), base=(1 << 32) - 300)
def test_round_trip(image: bytes, base: int) -> None:
    text = to_hex(image, base)
    assert from_hex(text) == (base if image else 0, image)
    for line in text.splitlines():
        assert sum(bytes.fromhex(line[1:])) % 256 == 0
        count, offset = int(line[1:3], 16), int(line[3:7], 16)
        assert offset + count <= 1 << 16, "a record does not run over the end of its bank"


@given(data=st.data(), image=st.binary(min_size=1, max_size=60))
def test_a_changed_digit_is_noticed(data: st.DataObject, image: bytes) -> None:
    text = to_hex(image, 0x10000)
    digits = [n for n, ch in enumerate(text) if ch in "0123456789ABCDEF"]
    place = data.draw(st.sampled_from(digits))
    other = data.draw(st.sampled_from("0123456789ABCDEF").filter(lambda ch: ch != text[place]))
    with pytest.raises(InputError, match="Intel HEX"):
        from_hex(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no end record"),
        (":0100000001FE\n", "no end record"),
        (":00000001FF\n:00000001FF\n", "after the end record"),
        ("0100000001FE\n:00000001FF\n", "line 1 is damaged"),
        (":01000000zzFE\n:00000001FF\n", "line 1 is damaged"),
        (":0100000001FE\n:0100020001FC\n:00000001FF\n", "line 2 leaves a gap"),
        (":020000021000EC\n:00000001FF\n", "type 2"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        from_hex(text)


def test_a_start_address_is_passed_over() -> None:
    assert from_hex(":0400000500010000F6\n:0100000001FE\n:00000001FF\n") == (0, b"\x01")


@pytest.mark.parametrize("base", [-1, (1 << 32) - 1])
def test_addresses_have_32_bits(base: int) -> None:
    with pytest.raises(InputError, match="32-bit"):
        to_hex(b"ab", base)
