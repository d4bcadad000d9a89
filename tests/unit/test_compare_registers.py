"""Registers held to a vendor's files, here of chips that there are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from compare_registers import BOARDS, NAMES, alike, compare, main, vendor_registers
from our_registers import Ours, of_headers, of_tables, parsed
from vendor_registers import Field, Register

from wwtool.base.yaml_files import read_yaml

BASES = "#define DR_REG_LAMP_BASE 0x60070000\n#define REG_LAMP_BASE(i) (DR_REG_LAMP_BASE + (i) * 0x1000)\n"
HEADER = """
#define LAMP_CONF_REG(i)          (REG_LAMP_BASE(i) + 0x8)
/* LAMP_ON : R/W ;bitpos:[31] ;default: 1'b1 ; */
/*description: it shines.*/
#define LAMP_ON  (BIT(31))
/** LAMP_LEVEL : R/W; bitpos: [7:4]; default: 5;
 */
#define LAMP_LEVEL 0x0000000FU
/* LAMP_BUSY : RO ;bitpos:[0] ;default: ~1'h1 ; */
"""
SVD = """<device><peripherals><peripheral><name>LAMP</name><baseAddress>0x60070000</baseAddress><registers>
<register><dim>2</dim><dimIncrement>0x1000</dimIncrement><name>CONF%s</name><addressOffset>8</addressOffset>
<resetValue>0x80000050</resetValue><fields>
<field><name>LAMP_ON</name><lsb>31</lsb><msb>31</msb></field>
<field><name>LAMP_LEVEL</name><bitRange>[7:4]</bitRange></field>
<field><name>LAMP_BUSY</name><bitRange>[0:0]</bitRange><access>read-only</access></field>
</fields></register></registers></peripheral></peripherals></device>"""
OURS = """
struct lamp_regs {
    uint32_t reserved0[8 / 4];
    volatile uint32_t conf;
};
#define LAMP REG_AT(struct lamp_regs, 0x60070000u)
#define LAMP_CONF(n)   REG(0x60070008u + 0x1000u * (n))
#define LAMP_SHINES (1u << 31) /* until it is off */
#define LAMP_BRIGHT(level) ((uint32_t)(level) << 4)
"""
CONF = "LAMP_CONF_REG"
NO_NAMES: dict[str, Any] = {"registers": {}, "undocumented": [], "whole": [], "resets": {}}
KNOWN = {**NO_NAMES, "bits": {"LAMP_SHINES": f"{CONF}.LAMP_ON", "LAMP_BRIGHT": f"{CONF}.LAMP_LEVEL"}}


@pytest.fixture
def lamp(tmp_path: Path) -> list[Register]:
    (tmp_path / "soc.h").write_text(BASES)
    (tmp_path / "lamp_reg.h").write_text(HEADER)
    return vendor_registers(tmp_path, "esp32s3")


def test_a_header_of_esp_idf(lamp: list[Register]) -> None:
    found = [register for register in lamp if register.fields]
    assert [(register.name, register.at, register.reset) for register in found] == [
        (CONF, 0x60070008, 0x80000050),
        (CONF, 0x60071008, 0x80000050),
    ]
    assert found[0].fields[1] == Field("LAMP_LEVEL", 4, 7)
    assert found[0].writable == 0x800000F0


def test_an_svd_file(tmp_path: Path) -> None:
    (tmp_path / "nrf52840.svd").write_text(SVD)
    found = vendor_registers(tmp_path, "nano33ble")
    assert [(register.name, register.at) for register in found] == [
        ("LAMP_CONF0", 0x60070008),
        ("LAMP_CONF1", 0x60071008),
    ]
    assert (found[0].reset, found[0].writable) == (0x80000050, 0x800000F0)


def test_what_is_the_same(lamp: list[Register]) -> None:
    tables = [Ours("LAMP_CONF", at, 0x800000F0, reset=0x80000050) for at in (0x60070008, 0x60071008)]
    result = compare(tables, parsed(OURS), lamp, KNOWN)
    assert (result.registers, result.fields, result.differences) == (2, 8, [])


@pytest.mark.parametrize(
    ("table", "header", "said"),
    [
        (Ours("LAMP_CONF", 0x6007000C), OURS, "the vendor has no register there"),
        (Ours("LAMP_STATE", 0x60070008), OURS, "the vendor has LAMP_CONF_REG there"),
        (Ours("LAMP_CONF", 0x60070008, bits=0xF1), OURS, "bits 0x1 may be written here"),
        (Ours("LAMP_CONF", 0x60070008, bits=0x20, clears=0x20), OURS, "a 1 clears bits 0x20 here"),
        (Ours("LAMP_CONF", 0x60070008, reset=0x51), OURS, "0x51 after a reset here, 0x80000050"),
        (None, OURS.replace("<< 31", "<< 30"), "LAMP_SHINES: 0x40000000 here, and LAMP_CONF_REG.LAMP_ON is 0x80000000"),
        (None, OURS.replace("<< 4", "<< 3"), "LAMP_BRIGHT: 0x8 here"),
        (None, OURS.replace("[8 / 4]", "[12 / 4]"), "LAMP conf: the vendor has no register there"),
        (None, OURS.replace("0x1000u", "0x2000u"), "LAMP_CONF: the vendor has no register there"),
        (None, OURS.replace("SHINES", "GLOWS"), "LAMP_GLOWS: vendor_names.yaml does not say"),
        (None, OURS.replace("SHINES", "GLOWS"), "LAMP_SHINES: is in vendor_names.yaml, and in no header"),
    ],
)
def test_what_differs(lamp: list[Register], table: Ours | None, header: str, said: str) -> None:
    differences = compare([table] if table else [], parsed(header), lamp, KNOWN).differences
    assert any(said in line for line in differences), differences


def test_names_are_alike() -> None:
    assert alike("USB_EP1_CONF", "USB_SERIAL_JTAG_EP1_CONF_REG")
    assert not alike("GPIO_OUT_W1TC", "GPIO_OUT_W1TS_REG")


@pytest.mark.parametrize("board", BOARDS)
def test_every_macro_of_a_header_has_its_vendor_s_name(board: str) -> None:
    if board == "nano33ble":
        pytest.importorskip("unicorn")
    registers, bits = of_headers(board)
    assert len(registers) > 60 and len(bits) > 50 and len(of_tables(board)) > 90
    assert {one.name for one in bits} == set(read_yaml(NAMES)[board]["bits"])


def test_a_folder_without_registers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["compare_registers.py", str(tmp_path), "--board", "pico"])
    with pytest.raises(SystemExit, match="there are no registers of pico in it"):
        main()
