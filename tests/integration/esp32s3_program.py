"""The whole image of an ESP32-S3 in the model of the silicon: its main loop runs, with its own drivers. Not a test.

The DMA fills blocks by the board's clock, also while the driver reads them. A PC types on USB, and reads there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from board_images import changed_board
from esp32s3_silicon import RX_CONF, RX_START, Silicon
from test_esp32s3_microphone import BLOCK, PLATFORM, started_silicon

from wwtool.emulators.esp32s3_chip import A0, A2
from wwtool.emulators.esp32s3_sleep import MICROPHONE

READY = b"m-ready\r\n"
BLOCK_US = BLOCK * 1e6 / 16000
_MOST_TURNS = 2000


class Program:
    """An image that has come to its main loop.

    Attributes:
        said: what it has said over USB, to a PC that reads at once.
        played: blocks that the DMA has filled.
        heard: samples that the driver has given to the program.
    """

    def __init__(self, silicon: Silicon, symbols: dict[str, int], sound: bytes) -> None:
        """``sound``: what the DMA stores, block by block; silence follows."""
        self.silicon, self._sound = silicon, sound
        self.said = bytearray()
        self.played = self.heard = 0
        self._typed: list[tuple[float, bytes]] = []
        self._until_us = float("inf")
        self._turn = symbols["microphone_read"]
        silicon.work_at(symbols["wait_for_interrupt"], self._wait)
        silicon.run(self._turn)
        chip = silicon.chip
        assert silicon.get(RX_CONF) & RX_START
        chip.pass_time()
        self._since_us = chip.now_us
        self._block_bytes = silicon.get(silicon.descriptors[0]) & 0xFFF
        silicon.work_at(symbols["usb_write"], lambda core: self.said.extend(silicon.stub.read(core[A2], core[A2 + 1])))
        for name in ("dma_oldest", "dma_lapped"):  # between them the driver reads a block
            silicon.watch(symbols[name], self._fill)
        silicon.watch(silicon.stub.registers()[A0], self._hear)
        chip.usb.offer = self._offer

    @property
    def us(self) -> float:
        """The time since the microphone has begun to listen."""
        return self.silicon.chip.now_us - self._since_us

    def type(self, *packets: bytes, at_us: float = 0.0) -> None:
        """The PC sends packets, one after the other as the board takes them, and not before a time."""
        self._typed += [(at_us, packet) for packet in packets]

    def turn(self) -> None:
        """The main loop goes round once."""
        self.silicon.stub.step()
        self.silicon.chip.usb.poll()
        self.silicon.run(self._turn)
        self._fill()

    def until(self, us: float) -> None:
        """Goes on until so much time has passed since the microphone began to listen; a wait ends there as well."""
        self._until_us = us
        while self.us < us:
            self.turn()
        self._until_us = float("inf")

    def ask(self, command: bytes, at_us: float = 0.0) -> bytes:
        """What the program says to a command, which comes at a time, or at once."""
        before = len(self.said)
        self.type(command, at_us=at_us)
        for _ in range(_MOST_TURNS):
            self.turn()
            if len(self.said) > before and self.said.endswith(READY):
                return bytes(self.said[before:])
        raise AssertionError(f"it says {bytes(self.said[before:])!r} to {command!r}")

    def _hear(self) -> None:
        """microphone_read returns."""
        self.heard += self.silicon.stub.registers()[A2]

    def _fill(self) -> None:
        """What the DMA has done up to now."""
        chip = self.silicon.chip
        chip.pass_time()
        while (self.played + 1) * BLOCK_US <= self.us:
            begin = self.played * self._block_bytes
            self.silicon.receive(self._sound[begin : begin + self._block_bytes].ljust(self._block_bytes, b"\0"))
            self.played += 1
            chip.waiting.raise_interrupt(MICROPHONE)

    def _offer(self) -> bytes | None:
        """The PC's next packet, if its time has come."""
        return self._typed.pop(0)[1] if self._typed and self._typed[0][0] <= self.us else None

    def _wait(self, core: list[int]) -> None:
        """The core waits for an interrupt: a block, a packet, or the tick."""
        chip = self.silicon.chip
        armed = chip.waiting.armed(core[A2])
        self._fill()
        chip.usb.poll()
        left_us = chip.waiting.left_us(armed)
        if left_us > 0:
            events_us = [(self.played + 1) * BLOCK_US, self._until_us, *(at_us for at_us, _ in self._typed[:1])]
            chip.waiting.sleep(max(0.0, min(left_us, min(events_us) - self.us)))
            self._fill()
            chip.usb.poll()
            chip.waiting.left_us(armed)


@contextmanager
def program(folder: Path, sound: bytes = b"", *changes: tuple[str, str, str]) -> Iterator[Program]:
    """The image of the board in its main loop; each change is a file, a text in it and the text in its place."""
    board = folder / "changed" if changes else None
    if board is not None:
        changed_board("esp32s3", board, *changes[0])
        for file, old, new in changes[1:]:
            text = (board / file).read_text()
            assert old in text
            (board / file).write_text(text.replace(old, new))
    with started_silicon(folder, PLATFORM, board=board) as (silicon, symbols):
        yield Program(silicon, symbols, sound)
