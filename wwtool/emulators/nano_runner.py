"""Runs an Arduino Nano 33 BLE image on the emulated chip (``nrf52840``) and bridges its console to TCP.

    python -m wwtool.emulators.nano_runner --bin FILE --origin N --clock-hz N --cycles-per-instruction X
        [--tcp PORT] [--console uart|usb] [--audio FILE] [--stats FILE] [--restarts] [--bad-ram ADDRESS]

It is a process of its own, like the Pico's runner, with the same protocol. Standard output has one JSON object a line:
{"event": "listening", "port": N}, "stats", "failed". Standard input takes the lines "stats" and, with the USB console,
"touch": the host opens the port at 1200 baud and closes it. The end of standard input, or SIGTERM, ends the run. Exit
status: 0 ended in order, 1 failed.

With the USB console a TCP client stands for a program on the host that has the port open. With the UART there is no USB
cable.

An image whose origin is in RAM is started as a debug probe does. A reset of the chip ends the run. With --restarts, its
boot loader starts the program again instead.

While the core sleeps, its time passes as fast as real time, or at once while audio plays or bytes wait to be received.
"""

from __future__ import annotations

import argparse
import json
import queue
import select
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from wwtool.emulators.nrf52840.boot_loader import Arduino, BootLoader, Probe
from wwtool.emulators.nrf52840.core import Chip
from wwtool.emulators.nrf52840.registers import RAM, FaultError
from wwtool.emulators.usb_host import UsbHost

# Of a program in flash, and of one in RAM.
_STARTS: dict[bool, tuple[type[BootLoader], str]] = {False: (Arduino, "arduino"), True: (Probe, "probe")}
_SLICE_CYCLES = 500_000  # between two looks at the sockets
_QUEUE_HIGH = 1 << 16
_BANNER_BYTES = 4096  # kept for the first client
_CHUNK_BYTES = 4096
_MAX_IDLE_S = 0.02


def _emit(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Console:
    """One TCP client at a time, as a serial port has one user."""

    def __init__(self, port: int) -> None:
        self._server = socket.create_server(("127.0.0.1", port))
        self._server.setblocking(False)
        self.port: int = self._server.getsockname()[1]
        self._client: socket.socket | None = None
        self._connected_once = False
        self._outgoing = bytearray()

    def say(self, data: bytes) -> None:
        """Sends text to the client. Without one it is lost, but the first client gets the text from before it came."""
        if self._client is not None or not self._connected_once:
            self._outgoing += data
            if self._client is None:
                del self._outgoing[:-_BANNER_BYTES]

    @property
    def connected(self) -> bool:
        return self._client is not None

    @property
    def full(self) -> bool:
        """Whether the client does not read its text."""
        return len(self._outgoing) >= _QUEUE_HIGH

    def exchange(self, incoming: bytearray, wait_s: float) -> None:
        """Sends text and reads bytes; waits at most ``wait_s`` if there is nothing to do."""
        self._send()
        reading: list[socket.socket] = [self._server]
        if self._client is not None and len(incoming) < _QUEUE_HIGH:
            reading.append(self._client)
        writing = [self._client] if self._client is not None and self._outgoing else []
        readable, _, _ = select.select(reading, writing, [], wait_s)
        if self._server in readable:
            self._accept()
        if self._client in readable:
            self._receive(incoming)

    def _accept(self) -> None:
        client, _ = self._server.accept()
        if self._client is not None:
            client.close()
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client, self._connected_once = client, True
        self._send()

    def _send(self) -> None:
        if self._client is None or not self._outgoing:
            return
        try:
            del self._outgoing[: self._client.send(self._outgoing)]
        except BlockingIOError:
            pass
        except OSError:
            self._drop()

    def _receive(self, incoming: bytearray) -> None:
        assert self._client is not None
        try:
            data = self._client.recv(_CHUNK_BYTES)
        except OSError:
            data = b""
        if data:
            incoming += data
        else:
            self._drop()

    def _drop(self) -> None:
        assert self._client is not None
        self._client.close()
        self._client = None
        self._outgoing.clear()


class Runner:
    """The chip, its console, and the commands on standard input."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._console = Console(options.tcp)
        audio = Path(options.audio).read_bytes() if options.audio else b""
        say, hush = self._console.say, (lambda data: None)
        on_usb = options.console == "usb"
        self.chip = Chip(
            Path(options.bin).read_bytes(), options.origin, options.clock_hz, options.cycles_per_instruction, audio,
            hush if on_usb else say, say if on_usb else None, options.restarts, *_STARTS[options.origin in RAM],
        )  # fmt: skip
        if options.bad_ram is not None:
            self.chip.break_ram(options.bad_ram)
        self._port = self.chip.host or self.chip.uarte
        self._port_open = False
        self._words: queue.Queue[str] = queue.Queue()
        self._since = self._last = time.monotonic()
        self.running = True

    def listen(self) -> None:
        """Prints where the console is, and starts to read standard input."""
        _emit({"event": "listening", "port": self._console.port})
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        for line in sys.stdin:
            self._words.put(line.strip())
        self.running = False  # the parent has ended

    def statistics(self) -> dict[str, object]:
        chip = self.chip
        return {
            "instructions": chip.instructions,
            "cycles": chip.cycles,
            "clock_hz": chip.clock_hz,
            "simulated_s": chip.now / chip.clock_hz,
            "asleep_s": chip.idle_cycles / chip.clock_hz,
            "sleeps": chip.sleeps,
            "wall_s": time.monotonic() - self._since,
            "baud": chip.uarte.baud,
            "console_bytes_in": self._port.bytes_in,
            "console_bytes_out": self._port.bytes_out,
            "led_on": len(chip.pins.led_times),
            "led_times": chip.pins.led_times,
            "audio_samples": chip.pdm.position,
        }

    def turn(self) -> None:
        """Runs for a while."""
        chip = self.chip
        now = time.monotonic()
        idle = min(now - self._last, _MAX_IDLE_S) * chip.clock_hz
        self._last = now
        end = chip.now + _SLICE_CYCLES
        wait_s = 0.0
        while chip.now < end:
            chip.run(end - chip.now)
            if not chip.asleep:
                break
            hurry = chip.host.hurry if chip.host else bool(chip.uarte.queue)
            if hurry or chip.pdm.plays:
                chip.sleep_until_next_event(end - chip.now)
            elif idle > 0:
                idle -= chip.sleep_until_next_event(idle)
            else:
                wait_s = 0.001
                break
        self._console.exchange(self._port.queue, wait_s)
        if chip.host:
            self._serve(chip.host)
        self._port.kick()
        while not self._words.empty():
            word = self._words.get()
            if word == "stats":
                _emit({"event": "stats", **self.statistics()})
            elif word == "touch" and chip.host:
                chip.host.touch()

    def _serve(self, host: UsbHost) -> None:
        """A client stands for a program on the host that opens the port, reads, and closes it."""
        host.reading = not self._console.full
        if self._console.connected and not self._port_open and host.configured:
            self._port_open = True
            host.open()
        elif not self._console.connected and self._port_open:
            self._port_open = False
            host.close()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--origin", type=int, required=True)
    parser.add_argument("--clock-hz", type=int, required=True)
    parser.add_argument("--cycles-per-instruction", type=float, required=True)
    parser.add_argument("--tcp", type=int, default=0)
    parser.add_argument("--console", choices=("uart", "usb"), default="uart")
    parser.add_argument("--audio")
    parser.add_argument("--stats")
    parser.add_argument("--restarts", action="store_true")
    parser.add_argument("--bad-ram", type=int)
    options = parser.parse_args()
    status = 0
    try:
        runner = Runner(options)
    except OSError as error:
        _emit({"event": "failed", "reason": f"cannot listen on TCP port {options.tcp}: {error}"})
        return 1

    def stop(*_: object) -> None:
        runner.running = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    runner.listen()
    try:
        while runner.running:
            runner.turn()
    except FaultError as fault:
        _emit({"event": "failed", "reason": str(fault)})
        status = 1
    if options.stats:
        Path(options.stats).write_text(json.dumps(runner.statistics()) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
