"""Holds the registers of the emulators' tables and of the boards' C to a chip vendor's own files.

    python scripts/compare_registers.py VENDOR_FOLDER --board esp32s3

VENDOR_FOLDER is a checkout, or a part of one: of ESP-IDF for esp32s3, of pico-sdk (RP2040.svd) for pico, of nrfx
(nrf52840.svd) for nano33ble. Prints what is missing there or different, and ends with 1 if there is anything.
``vendor_names.yaml`` says what the vendor calls our bits, and our registers where the names are not alike.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from our_registers import Bits, Ours, of_headers, of_tables
from vendor_registers import Register, from_headers, from_svd, union

from wwtool.base.yaml_files import read_yaml

BOARDS = ("esp32s3", "pico", "nano33ble")
NAMES = Path(__file__).with_name("vendor_names.yaml")
_SVD = {"pico": "RP2040.svd", "nano33ble": "nrf52840.svd"}
_CORE = 0xE0000000  # Arm's registers, which a vendor's file may leave out


@dataclass(frozen=True)
class Result:
    """How many registers and bit fields were compared, and each difference in a sentence."""

    registers: int
    fields: int
    differences: list[str]


def vendor_registers(folder: Path, board: str) -> list[Register]:
    """The vendor's registers. Raises FileNotFoundError if there are none below the folder."""
    found: list[Register] = []
    if board in _SVD:
        for path in sorted(folder.rglob(_SVD[board]))[:1]:
            found = from_svd(path)
    else:
        under = [path for path in folder.rglob("components/soc/esp32s3") if path.is_dir()]
        found = from_headers(under[0] if under else folder)
    if not found:
        raise FileNotFoundError(f"{folder}: there are no registers of {board} in it")
    return found


def compare(
    tables: list[Ours], headers: tuple[list[Ours], list[Bits]], vendor: list[Register], names: dict[str, Any]
) -> Result:
    """Compares names, addresses, bits and values after a reset."""
    at: dict[int, list[Register]] = defaultdict(list)
    for register in vendor:
        at[register.at].append(register)
    known = {address: _joined(registers) for address, registers in at.items()}
    compared = [one for one in (*tables, *headers[0]) if one.at < _CORE or one.at in at]
    found: dict[str, list[int]] = defaultdict(list)
    for one in compared:
        for what in _of_register(one, at[one.at], known.get(one.at), names):
            found[f"{one.name}: {what}"].append(one.at)
    differences = [f"{what} (at {places[0]:#x}, one of {len(places)})" for what, places in sorted(found.items())]
    by_name = {register.name: register for register in vendor}
    bits = [one for one in headers[1] if names["bits"].get(one.name, "") is not None]
    differences += [line for one in bits for line in _of_bits(one, names["bits"], by_name)]
    stale = set(names["bits"]) - {one.name for one in headers[1]}
    differences += [f"{name}: is in vendor_names.yaml, and in no header" for name in sorted(stale)]
    fields = sum(len(known[place].fields) for place in {one.at for one in compared} if place in known)
    return Result(len({one.at for one in compared}), fields + len(bits), differences)


def _joined(registers: list[Register]) -> Register:
    """What several names for one address, or several peripherals there, have together."""
    most = max(registers, key=lambda register: len(register.fields))
    return Register(most.name, most.at, most.reset, [field for one in registers for field in one.fields])


def _of_register(ours: Ours, named: list[Register], theirs: Register | None, names: dict[str, Any]) -> Iterator[str]:
    if theirs is None:
        if ours.name not in names["undocumented"]:
            yield "the vendor has no register there"
        return
    if not any(alike(_theirs(ours.name, names["registers"]), one.name) for one in named):
        yield f"the vendor has {theirs.name} there"
    wrong = (ours.bits or 0) & ~theirs.writable & 0xFFFFFFFF
    if wrong and ours.name not in names["whole"]:
        yield f"bits {wrong:#x} may be written here, and not by the vendor"
    clears = ours.clears & ~union(one.mask for one in theirs.fields if one.clears)
    if clears and ours.name not in names["whole"]:
        yield f"a 1 clears bits {clears:#x} here, and not by the vendor"
    if None not in (ours.reset, theirs.reset) and ours.reset != theirs.reset and ours.name not in names["resets"]:
        yield f"{ours.reset:#x} after a reset here, {theirs.reset:#x} by the vendor"


def _theirs(name: str, known: dict[str, str]) -> str:
    """Our name with the vendor's word for its beginning; "" where theirs are too different to compare."""
    for ours, theirs in known.items():
        if name.startswith(ours):
            return theirs and theirs + name.removeprefix(ours)
    return name


def alike(ours: str, theirs: str) -> bool:
    """Whether the letters of one name come in the other, in their order.

    >>> alike("USB_EP1", "USB_SERIAL_JTAG_EP1_REG"), alike("GPIO_OUT_W1TC", "GPIO_OUT_W1TS_REG")
    (True, False)
    """
    letters = iter(theirs.upper().removesuffix("_REG"))
    return all(letter in letters for letter in ours.upper() if letter.isalnum())


def _of_bits(ours: Bits, names: dict[str, str], vendor: dict[str, Register]) -> Iterator[str]:
    if ours.name not in names:
        yield f"{ours.name}: vendor_names.yaml does not say what the vendor calls it"
        return
    register, _, field = names[ours.name].partition(".")
    mask = vendor[register].mask(field) if register in vendor else None
    if mask is None:
        yield f"{ours.name}: the vendor has no {names[ours.name]}"
    elif ours.mask & ~mask or (bin(mask).count("1") == 1 and ours.mask not in (0, mask)):
        yield f"{ours.name}: {ours.mask:#x} here, and {names[ours.name]} is {mask:#x}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="VENDOR_FOLDER")
    parser.add_argument("--board", choices=BOARDS, required=True)
    wanted = parser.parse_args()
    try:
        vendor = vendor_registers(wanted.folder, wanted.board)
    except FileNotFoundError as error:
        sys.exit(str(error))
    names = read_yaml(NAMES)[wanted.board]
    result = compare(of_tables(wanted.board), of_headers(wanted.board), vendor, names)
    for line in result.differences:
        print(line)
    print(f"{wanted.board}: {result.registers} registers, {result.fields} fields, {len(result.differences)} differ")
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(main())
