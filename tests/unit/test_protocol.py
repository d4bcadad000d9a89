"""Codec of the serial protocol, and what the link and the session make of devices that misbehave.

The fake device is a server on a socket in this process; pyserial opens it as ``socket://``.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wwtool.base.cancellation import Cancellation
from wwtool.device import protocol, report, session, suites
from wwtool.device.protocol import Event, LineDecoder, Link
from wwtool.device.session import Session
from wwtool.errors import CancelledError, DeviceError, UsageError
from wwtool.firmware.cycles import Cycles

Handler = Callable[[bytes], bytes | None]

words = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="%"), max_size=80)
lines = st.lists(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40), max_size=8)


# ---- codec ---------------------------------------------------------------------------------------------------------


@given(words)
def test_a_command_is_itself_and_a_percent_sign(text: str) -> None:
    assert protocol.encode(text) == text.encode() + b"%"


@pytest.mark.parametrize("text", ["a%b", "x" * 81, "tab\t", "line\n", "é"])
def test_what_is_no_command_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no device command"):
        protocol.encode(text)


@given(lines, st.data())
def test_lines_survive_any_cutting_and_noise(texts: list[str], data: st.DataObject) -> None:
    raw = b"".join(b"\0" + text.encode() + b"\r\n" for text in texts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=10)))
    decoder = LineDecoder()
    got: list[str] = []
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        got += decoder.feed(raw[start:end])
    assert got == texts
    assert decoder.pending == b""


@given(st.binary(max_size=200))
def test_any_bytes_give_lines_or_value_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert "\n" not in "".join(LineDecoder().feed(data + b"\n"))


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="without end"):
        LineDecoder().feed(b"x" * 100_000)


@given(st.binary(max_size=300))
def test_hex_commands_carry_all_bytes_in_80_characters(data: bytes) -> None:
    commands = protocol.hex_commands(data)
    assert all(len(command) <= 80 for command in commands)
    assert bytes.fromhex("".join(command.removeprefix("db ") for command in commands)) == data


@given(st.sampled_from(["prob", "detection"]), st.integers(0, 2**32 - 1), st.integers(0, 255))
def test_events(kind: str, frame: int, probability: int) -> None:
    assert protocol.parse_event(f"ww-{kind}-[{frame},{probability}]") == Event(kind, frame, probability)


@given(st.text(max_size=60))
def test_parsers_take_any_line(text: str) -> None:
    with contextlib.suppress(ValueError):  # a damaged line
        protocol.parse_event(text)
    with contextlib.suppress(ValueError):
        protocol.parse_features(text)
    with contextlib.suppress(ValueError):
        protocol.parse_key_values((text,), "info")
    protocol.parse_laps((text,))
    protocol.parse_output((text,))
    protocol.parse_results((text,))
    assert protocol.parse_name((f"m-name-dut-[{'x'}]", text)) == "x"


def test_values_of_lines() -> None:
    assert protocol.parse_results(("noise", "m-results-[0.500,0.020]")) == [0.5, 0.02]
    assert protocol.parse_results(("m-results-[0.5,x]",)) is None
    assert protocol.parse_laps(("m-lap-us-1", "x", "m-lap-us-42")) == [1, 42]
    assert protocol.parse_output(("ww-output-[80 05]",)) == b"\x80\x05"
    assert protocol.parse_features("ww-features-[7,80ff]") == (7, b"\x80\xff")
    assert protocol.parse_key_values(("ww-info-[phrase=a=b]", "ww-memory-[stack=1]"), "info") == {"phrase": "a=b"}
    assert protocol.Reply("x", ("a", "e-[Unknown command: x]")).error == "Unknown command: x"


# ---- a device in this process --------------------------------------------------------------------------------------


class FakeDevice:
    """Answers each command by ``handler``; None closes the connection. PCM blocks reach it as one command."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._server.accept()
            with connection:
                pending = b""
                while data := connection.recv(4096):
                    pending += data
                    while b"%" in pending:
                        command, pending = pending.split(b"%", 1)
                        answer = self._handler(command)
                        if answer is None:
                            return
                        connection.sendall(answer)
                        if command.startswith((b"ww-pcm ", b"ww-features ")) and b"expecting" in answer:
                            size = int(command.split()[1])
                            while len(pending) < size:
                                pending += connection.recv(4096)
                            block, pending = pending[:size], pending[size:]
                            connection.sendall(self._handler(b"PCM" + block) or b"")

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def device() -> Iterator[Callable[[Handler], str]]:
    devices: list[FakeDevice] = []

    def start(handler: Handler) -> str:
        devices.append(FakeDevice(handler))
        return devices[-1].url

    yield start
    for fake in devices:
        fake.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_SYNC_TIMEOUT_S", 0.3)


NAME = b"m-name-dut-[wwtool-fake]\r\nm-ready\r\n"


class Model:
    """A well-behaved device: its output is the first input byte, and each PCM block is one inference and one frame."""

    def __init__(self) -> None:
        self.buffer = b""
        self.frame = 0
        self.show = False

    def __call__(self, command: bytes) -> bytes:
        ready = b"m-ready\r\n"
        if command == b"name":
            return NAME
        if command == b"ww-info":
            values = (
                b"version=1 board=fake model=m phrase=p sha256=00 input=4 output=1 arena=1 state=2 frames=1 step=160 "
                b"rate=16000"
            )
            return b"".join(b"ww-info-[%s]\r\n" % pair for pair in values.split()) + ready
        if command == b"ww-reset":
            self.frame = 0
            return ready
        if command.startswith(b"db load"):
            self.buffer = b""
            return b"m-[Expecting 4 bytes]\r\n" + ready
        if command.startswith(b"db "):
            self.buffer += bytes.fromhex(command[3:].decode())
            return (b"m-load-done\r\n" if len(self.buffer) == 4 else b"") + ready
        if command.startswith(b"infer"):
            return b"m-lap-us-4294967290\r\nm-lap-us-10\r\nm-infer-done\r\nm-results-[0.500]\r\n" + ready
        if command == b"ww-output":
            return b"ww-output-[%02x]\r\n" % self.buffer[0] + ready
        if command.startswith(b"ww-prob"):
            self.show = command.endswith(b"1")
            return ready
        if command.startswith((b"ww-pcm", b"ww-features")):
            return b"ww-pcm-expecting-%d\r\n" % int(command.split()[1])
        if command.startswith(b"PCM"):
            self.frame += 1
            prob = b"ww-prob-[%d,7]\r\n" % self.frame if self.show else b""
            return prob + (b"ww-detection-[3,200]\r\n" if self.frame == 3 else b"") + ready
        if command == b"ww-memory":
            return b"ww-memory-[stack=100]\r\nww-memory-[overruns=0]\r\n" + ready
        if command == b"ww-cycles":
            return b"ww-cycles-[frontend=5]\r\nww-cycles-[invoke=6]\r\n" + ready
        return b"e-[Unknown command: " + command.split()[0] + b"]\r\n" + ready


Start = Callable[[Handler], str]


def test_a_port_that_does_not_exist() -> None:
    with pytest.raises(DeviceError, match="cannot open the port /dev/nothing-here"):
        Link("/dev/nothing-here")


def test_a_silent_device(device: Start) -> None:
    with pytest.raises(DeviceError, match=r"did not answer 'name%' within .*check that the board runs"):
        Session(device(lambda _: b""))


def test_garbage(device: Start) -> None:
    with pytest.raises(DeviceError, match=r"no text; the bit rate is probably wrong"):
        Session(device(lambda _: bytes(range(128, 256)) + b"\n"))


def test_a_truncated_answer(device: Start) -> None:
    with pytest.raises(DeviceError, match=r"stopped in the middle of its answer to 'name%' \(last: '.*m-name"):
        Session(device(lambda _: b"m-name-dut-[wwtool-fake]\r\nm-rea"))


def test_a_closed_connection(device: Start) -> None:
    with pytest.raises(DeviceError, match=r"closed the connection|went away"):
        Session(device(lambda _: None))


def test_something_else_that_says_ready(device: Start) -> None:
    with pytest.raises(DeviceError, match="does not speak the MLPerf Tiny protocol"):
        Session(device(lambda _: b"hello\r\nm-ready\r\n"))


def test_other_firmware_of_the_standard(device: Start) -> None:
    def other(command: bytes) -> bytes:
        if command == b"name":
            return b"m-name-dut-[Vendor]\r\nm-ready\r\n"
        return b"e-[Unknown command: " + command + b"]\r\nm-ready\r\n"

    with (
        Session(device(other)) as s,
        pytest.raises(DeviceError, match=r"runs 'Vendor', which is not wwtool's firmware \(no ww-info\)"),
    ):
        s.info()


def test_an_error_answer_is_the_message(device: Start) -> None:
    with Session(device(Model())) as s, pytest.raises(DeviceError, match=r"refuses 'bogus%': Unknown command: bogus"):
        s.link.command("bogus")


def test_a_half_sent_command_is_got_over(device: Start) -> None:
    model = Model()
    with Session(device(lambda c: model(b"half" + c if c.startswith(b"sync") else c))) as s:
        assert s.info().board == "fake"


def test_old_answers_do_not_count(device: Start) -> None:
    """The banner of a board that has just started, and the name another program asked for, come before the answer."""
    model = Model()
    old = b"m-init-done\r\nm-ready\r\n" + NAME
    with Session(device(lambda c: (old if c.startswith(b"sync") else b"") + model(c))) as s:
        assert s.info().board == "fake"


def test_a_lost_question_is_asked_again(device: Start) -> None:
    """A device that waits for samples swallows what it is asked until its time-out."""
    model = Model()
    swallowed: list[bytes] = []

    def answer(command: bytes) -> bytes:
        if not swallowed:
            swallowed.append(command)
            return b""
        return model(command)

    with Session(device(answer)) as s:
        assert s.info().board == "fake"


def test_a_conversation(device: Start) -> None:
    with Session(device(Model())) as s:
        info = s.info()
        assert (info.board, info.input_bytes, info.sample_rate_hz) == ("fake", 4, 16000)
        s.load_input(np.array([-1, 0, 1, 2], np.int8))
        timing = s.infer(4, 0)
        assert (timing.total_us, timing.latency_us, timing.results) == (16, 4.0, (0.5,))  # the stamp wrapped
        assert s.output() == b"\xff"
        assert s.memory() == session.Memory(100, 0)
        assert s.cycles() == Cycles(5, 6)
        assert s.stream_pcm(np.zeros(2000, np.int16)) == [Event("detection", 3, 200)]


def test_missing_info_is_named(device: Start) -> None:
    model = Model()

    def old(command: bytes) -> bytes:
        return model(command).replace(b"ww-info-[state=2]\r\n", b"")

    with Session(device(old)) as s, pytest.raises(DeviceError, match="without a usable 'state'"):
        s.info()


# ---- suites and reports --------------------------------------------------------------------------------------------


def test_parity_finds_the_first_wrong_input(device: Start) -> None:
    inputs = np.arange(12, dtype=np.int8).reshape(3, 4)
    with Session(device(Model())) as s:
        good = suites.parity(s, [suites.ParityGroup("g", inputs, inputs[:, :1])])
        bad = suites.parity(s, [suites.ParityGroup("g", inputs, np.array([[0], [5], [8]], np.int8))])
        with pytest.raises(UsageError, match="8-bit"):
            suites.parity(s, [suites.ParityGroup("g", inputs, inputs[:2, :1])])
    assert good.passed and good.metrics["inputs"] == 3
    assert bad.cases[0].message == "1 of 3 differ; input 1: device 04, host 05"


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ([(3, 200)], ""),
        ([], "1 detection on the device, 0 on the host"),
        ([(2, 200)], "detection 0: device frame 3 p 200, host frame 2 p 200"),
        ([(3, 200), (9, 9)], "1 detection on the device, 2 on the host"),
    ],
)
def test_stream_compares_frames(device: Start, expected: list[tuple[int, int]], message: str) -> None:
    with Session(device(Model())) as s:
        result = suites.stream(s, np.zeros(2048, np.int16), expected)
    assert result.cases[0].message == message
    assert result.passed == (not message)


def test_stream_compares_probabilities(device: Start) -> None:
    with Session(device(Model())) as s:
        right = [(frame, 7) for frame in range(1, 5)]
        assert suites.stream(s, np.zeros(2048, np.int16), [(3, 200)], right).passed
        wrong = suites.stream(s, np.zeros(2048, np.int16), [(3, 200)], [*right[:3], (4, 8)])
    assert [case.passed for case in wrong.cases] == [True, False]


def test_measuring_suites(device: Start) -> None:
    with Session(device(Model())) as s:
        latency = suites.latency(s, iterations=4)
        assert latency.passed and latency.metrics["inference_us"] == 4.0 and latency.metrics["frontend_cycles"] == 5
        assert not suites.latency(s, iterations=4, inference_limit_us=3).passed
        assert suites.memory(s, 100).passed
        assert suites.memory(s, 99).cases[0].message == "the stack grew to 100 bytes of 99"
        assert suites.soak(s, np.zeros(2048, np.int16), [(3, 200)], 0.0).passed
        assert not suites.soak(s, np.zeros(2048, np.int16), [], 0.0).passed


def test_soak_is_cancelled(device: Start) -> None:
    cancel = Cancellation()
    cancel.cancel()
    with Session(device(Model())) as s, pytest.raises(CancelledError):
        suites.soak(s, np.zeros(2048, np.int16), [(3, 200)], 600.0, cancel)


def test_reports() -> None:
    import json
    import xml.etree.ElementTree as ET

    results = [
        suites.SuiteResult("parity", (suites.Case("a", True), suites.Case("b", False, 'x<"\x07')), {"inputs": 2.0})
    ]
    document = json.loads(report.to_json(results, {"url": "u"}))
    assert (document["schema"], document["version"], document["passed"]) == ("wwtool.hil", 1, False)
    assert document["suites"][0]["cases"][1]["message"] == 'x<"\x07'
    root = ET.fromstring(report.to_junit(results, {"url": "u"}))
    suite = root.find("testsuite")
    assert suite is not None and (suite.get("tests"), suite.get("failures")) == ("2", "1")
    failure = suite.find("testcase[@name='b']/failure")
    assert failure is not None and failure.get("message") == 'x<"?'
