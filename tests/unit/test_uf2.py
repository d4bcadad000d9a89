"""UF2 files and the boot2 checksum."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wwtool.errors import InputError
from wwtool.firmware import uf2

images = st.binary(min_size=uf2.BOOT2_BYTES + 1, max_size=3000)


def test_crc_is_crc32_mpeg2() -> None:
    assert uf2.boot2_crc(b"123456789") == 0x0376E6E7  # the check value of CRC-32/MPEG-2
    assert uf2.boot2_crc(b"") == 0xFFFFFFFF


@given(images)
def test_patch_changes_the_checksum_only(image: bytes) -> None:
    patched = uf2.patch_boot2(image)
    assert patched[:252] == image[:252]
    assert patched[256:] == image[256:]
    stored = patched[252:256][::-1]
    assert uf2.boot2_crc(image[:252] + stored) == 0  # data followed by its CRC, most significant byte first, leave 0
    assert uf2.patch_boot2(patched) == patched


@given(st.binary(max_size=uf2.BOOT2_BYTES))
def test_an_image_without_program_is_refused(image: bytes) -> None:
    with pytest.raises(InputError, match=r"link\.ld"):
        uf2.patch_boot2(image)


@given(st.binary(min_size=1, max_size=3000))
def test_round_trip(image: bytes) -> None:
    blocks = uf2.to_uf2(image)
    assert len(blocks) == 512 * -(-len(image) // 256)
    base, back = uf2.from_uf2(blocks)
    assert base == uf2.FLASH_BASE
    assert back[: len(image)] == image
    assert not any(back[len(image) :])


def test_block_layout() -> None:
    block = uf2.to_uf2(bytes(range(256)) + b"x")[512:]
    assert struct.unpack_from("<8I", block) == (
        0x0A324655, 0x9E5D5157, 0x2000, 0x10000100, 256, 1, 2, 0xE48BFF56,
    )  # fmt: skip
    assert block[32:34] == b"x\0"
    assert struct.unpack_from("<I", block, 508)[0] == 0x0AB16F30


def test_a_boot_loader_that_looks_for_vectors_elsewhere() -> None:
    image = bytes(range(256)) * 3 + b"end"
    blocks = uf2.to_uf2(image, 0x10000, 0xADA52840, entry=0x1000)
    headers = [struct.unpack_from("<8I", blocks, start) for start in range(0, len(blocks), 512)]
    assert [header[3] for header in headers] == [0x1000, 0x10000, 0x10100, 0x10200, 0x10300]
    assert {header[7] for header in headers} == {0xADA52840}
    assert [(header[5], header[6]) for header in headers] == [(i, 5) for i in range(5)]
    assert blocks[32 : 32 + 256] == image[:256] == blocks[512 + 32 : 512 + 32 + 256]
    base, back = uf2.from_uf2(blocks, 0xADA52840, entry=0x1000)
    assert (base, back[: len(image)]) == (0x10000, image)
    for wrong in ({}, {"entry": 0x2000}):
        with pytest.raises(InputError, match="out of order"):
            uf2.from_uf2(blocks, 0xADA52840, **wrong)
    with pytest.raises(InputError, match="family"):
        uf2.from_uf2(blocks, entry=0x1000)
    with pytest.raises(InputError, match="not the image's first"):
        uf2.from_uf2(blocks[:40] + b"!" + blocks[41:], 0xADA52840, entry=0x1000)


@given(st.binary(min_size=1, max_size=2000), st.data())
def test_damage_in_a_header_is_found(image: bytes, data: st.DataObject) -> None:
    blocks = bytearray(uf2.to_uf2(image))
    block = data.draw(st.integers(0, len(blocks) // 512 - 1))
    offset = data.draw(st.sampled_from([*range(8), *range(16, 32), *range(508, 512)]))
    blocks[block * 512 + offset] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InputError):
        uf2.from_uf2(bytes(blocks))


@given(st.binary(max_size=1500).filter(lambda b: len(b) % 512 != 0 or not b))
def test_a_truncated_file_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="512-byte blocks"):
        uf2.from_uf2(content)
