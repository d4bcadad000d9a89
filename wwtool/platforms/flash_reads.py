"""How an RP2040 can read its flash in place (``chip.flash_read`` of a profile), and what a word costs then."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FlashRead:
    """A read of a 32-bit word: clocks of the flash for each part of it, and how many cycles of clk_sys each takes
    (``firmware_templates/boards/pico/boot2.S``; W25Q16JV datasheet, 8.2)."""

    instruction: int
    address: int
    waits: int
    data: int
    divider: int
    macro: str

    @property
    def word_cycles(self) -> int:
        """
        >>> {name: read.word_cycles for name, read in FLASH_READS.items()}
        {'quad': 40, 'dual': 112, 'plain': 256}
        """
        return (self.instruction + self.address + self.waits + self.data) * self.divider


FLASH_READS = {
    "quad": FlashRead(0, 8, 4, 8, 2, "FLASH_READ_QUAD"),
    "dual": FlashRead(8, 24, 8, 16, 2, "FLASH_READ_DUAL"),
    "plain": FlashRead(8, 24, 0, 32, 4, "FLASH_READ_PLAIN"),
}


def known_flash_read(name: str) -> str:
    """``name`` itself.

    Raises:
        ValueError: there is no such read.
    """
    if name not in FLASH_READS:
        raise ValueError(f"no such read: '{name}'; choose from {', '.join(FLASH_READS)}")
    return name
