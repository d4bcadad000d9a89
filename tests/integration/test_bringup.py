"""``wwtool bringup`` on emulated boards: good ones, and one for each fault that a step should name."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.mark import ParameterSet
from board_images import NANO_FLAGS, PICO_FLAGS, changed_board, link_arm_board, link_for_ram, nano_image, pico_image
from cli import emulation_missing, run_here
from relay import Relay
from test_esp32s3_boot import image as esp32s3_image
from test_models_of_others import PUBLISHED

from wwtool.base.assets import asset_dir
from wwtool.emulators import esp32s3, nano, pico
from wwtool.emulators.emulator import RunningBoard
from wwtool.emulators.esp32s3_chip import Defects
from wwtool.emulators.pty_bridge import PtyBridge
from wwtool.engines.machines import picolibc
from wwtool.firmware.builds import Build
from wwtool.firmware.make_image import to_uf2
from wwtool.jobs.bringup import BringupPlan, BringupRequest, plan, run
from wwtool.pipeline import bringup
from wwtool.pipeline.bringup import Contact, StepResult, run_step
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform

Change = tuple[str, str, str]  # of a file of the board's code: its name, a text, and the text in place of it


def arm_image(name: str, folder: Path, change: Change | None) -> Path:
    """The firmware of an Arm board with the fake program."""
    templates = asset_dir("firmware_templates") / "boards" / name
    board = changed_board(name, folder / "board", *change) if change else templates
    target = folder / "firmware.elf"
    if name == "nano33ble":
        return nano_image(target, board)
    link_arm_board(board, target, PICO_FLAGS)
    return pico_image(target)


def s3_image(name: str, folder: Path, change: Change | None) -> Path:
    changes: Any = {change[0].removesuffix(".c"): change[1:]} if change else {}
    return esp32s3_image(folder, **changes)


def start_pico(image: Path, audio: Path | None, **options: Any) -> RunningBoard:
    return pico.start(image, audio=audio, **{"restarts": True, **options})


def start_nano(image: Path, audio: Path | None, **options: Any) -> RunningBoard:
    return nano.start(image, audio=audio, **{"restarts": True, **options})


def start_s3(image: Path, audio: Path | None, **options: Any) -> RunningBoard:
    return esp32s3.start(image, audio=audio, defects=Defects(**options))


@dataclass(frozen=True)
class Kind:
    """A kind of board: how its firmware is made and started, and a word of RAM that it leaves alone."""

    make: Callable[[str, Path, Change | None], Path]
    start: Callable[..., RunningBoard]
    free_word: int
    tools_missing: bool


ARM_MISSING = shutil.which("arm-none-eabi-gcc") is None
KINDS = {
    "pico": Kind(arm_image, start_pico, 0x20038000, ARM_MISSING or bool(emulation_missing())),
    "nano33ble": Kind(arm_image, start_nano, 0x20038000, ARM_MISSING or not nano.UNICORN.is_there),
    "esp32s3": Kind(s3_image, start_s3, 0x3FCC0000, not picolibc() or not esp32s3.QEMU.is_there),
}
BOARDS = pytest.mark.parametrize("name", KINDS)


def kind_of(name: str) -> Kind:
    if KINDS[name].tools_missing:
        pytest.skip(f"a compiler or an emulator for {name} is missing")
    return KINDS[name]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The good firmware of a board, made once."""
    made: dict[str, Path] = {}

    def image(name: str) -> Path:
        if name not in made:
            made[name] = kind_of(name).make(name, tmp_path_factory.mktemp(name), None)
        return made[name]

    return image


NOISE, FLAT, SHIFTED = "noise", "flat", "shifted"


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str | None, Path | None]:
    """What a microphone may hear, for longer than a test listens."""
    folder = tmp_path_factory.mktemp("sounds")
    noise = np.random.default_rng(1).integers(-900, 900, 16000 * 120)
    for name, samples in ((NOISE, noise), (FLAT, 0 * noise + 640), (SHIFTED, noise + 20000)):
        (folder / name).write_bytes(samples.astype("<i2").tobytes())
    return {None: None, **{name: folder / name for name in (NOISE, FLAT, SHIFTED)}}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at the light here, and what stays away is not waited for."""
    monkeypatch.setattr(bringup, "_LOOK_S", 0.2)


def build_of(platform: Platform, elf: Path, **more: Path) -> Build:
    files = {"elf": elf, **{name.replace("_", "."): path for name, path in more.items()}}
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files.values()}
    return Build(elf.parent, platform, "", "", {kind: path.name for kind, path in files.items()}, hashes, is_own=True)


def another_build(firmware: Path, folder: Path) -> Path:
    """The ELF of a program that differs in one letter."""
    content = firmware.with_suffix(".elf").read_bytes()
    assert content.count(b"hey fake\0") == 1
    (folder / "other.elf").write_bytes(content.replace(b"hey fake\0", b"hey fakf\0"))
    return folder / "other.elf"


# Good boards


@BOARDS
def test_a_good_board(name: str, images: Callable[[str], Path], sounds: dict[str | None, Path | None]) -> None:
    firmware, platform = images(name), load_platform(name)
    with kind_of(name).start(firmware, sounds[NOISE]) as board:
        request = BringupRequest(platform=name, port=board.url)
        report = run(BringupPlan(request, platform, build_of(platform, firmware.with_suffix(".elf")), None))
        board.check()
    assert platform.silicon in report.json()
    steps = {step.name: step for step in report.steps}
    assert not [step for step in report.steps if step.status == "failed"]
    assert [step.found for step in report.steps if step.status == "skipped"] == ["it needs --build"] * 2
    assert "says why" in steps["watchdog"].found
    assert steps["flash"].found.endswith("are the build's"), "the S3 reads code at the address of data"
    assert int(steps["ram"].found.split()[0]) > 100_000


# Faults


@dataclass(frozen=True)
class Fault:
    """What is wrong with a board, which step fails, and what it says of the cause.

    Attributes:
        change: of the firmware.
        hears: what its microphone hears.
        options: of the emulator.
        says: what becomes of a line that the board says.
        openings: how often its port works.
        is_local: the port is one of this computer's.
        other_build: the board runs another build than is compared.
        turns: how often the step runs, the last of which counts.
    """

    step: str
    cause: str
    change: Change | None = None
    hears: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    says: Callable[[bytes], bytes] | None = None
    openings: int = 1000
    is_local: bool = False
    other_build: bool = False
    turns: int = 1


def result_of(name: str, fault: Fault, firmware: Path, audio: Path | None, elf: Path) -> StepResult:
    """The step's result on such a board, after the console, which works."""
    platform = load_platform(name)
    with ExitStack() as stack:
        board = stack.enter_context(KINDS[name].start(firmware, audio, **fault.options))
        port, url = board.port, board.url
        if fault.says or fault.openings < 1000:
            relay = stack.enter_context(Relay(port, fault.says or (lambda line: line), fault.openings))
            port, url = relay.port, relay.url
        if fault.is_local:
            url = stack.enter_context(PtyBridge(port)).device
        contact = Contact(platform, url, build_of(platform, elf))
        stack.callback(contact.close)
        assert run_step("console", contact).status == "passed"
        return [run_step(fault.step, contact) for _ in range(fault.turns)][-1]


def of_pace(pace: float) -> Callable[[bytes], bytes]:
    """The time stamps of a board whose clock runs at ``pace`` of this computer's: an emulated one has another time."""
    stamp = re.compile(rb"m-lap-us-\d+")
    return lambda line: stamp.sub(lambda _: b"m-lap-us-%d" % (time.monotonic() * pace * 1e6 % (1 << 32)), line)


def wrong(pattern: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda line: re.sub(pattern, new, line)


def slow(name: str, fault: Fault) -> ParameterSet:
    return pytest.param(name, fault, marks=pytest.mark.slow)


def each(names: str, fault: Fault) -> list[tuple[str, Fault]]:
    return [(name, fault) for name in names.split()]


NO_ANSWER = "does not come back"
PICO_WATCHES = "WATCHDOG->ctrl = WATCHDOG_CTRL_ENABLE | WATCHDOG_CTRL_PAUSE_ON_DEBUG;"
OPENS = "usb_data_set_open(open);"
OPENS_ONCE = "static bool was; usb_data_set_open(open && !was); was |= open;"
OTHER_REASON = ('return "watchdog";', 'return "other";')
OFFSET = Fault("microphone", "offset (199|200).*: the middle is far from 0", hears=SHIFTED)
FLAT_SOUND = Fault("microphone", "all samples are 640: no sound", hears=FLAT)
DEAD_WIRE = Fault("usb", "opening 2 of 3: the port stays silent", openings=2)
FAULTS = [
    # the clock
    slow(
        "esp32s3",
        Fault("clock", r"(39|40)\d+ kHz instead of 80000, as its PLL gave 7\d+", options={"pll_hz": 450_000_000}),
    ),
    ("pico", Fault("clock", "runs at 100000 kHz instead of 125000$", says=wrong(rb"_khz=124\d+", b"_khz=100000"))),
    ("nano33ble", Fault("clock", r"its seconds are 1\.[45]\d* of this computer's", says=of_pace(1.5), is_local=True)),
    # memory
    *(
        (name, Fault("ram", f"1 words of .* such as that at {kind.free_word:#x}$", options={"bad_ram": kind.free_word}))
        for name, kind in KINDS.items()
    ),
    *each("pico nano33ble esp32s3", Fault("flash", "are not the build's: CRC-32", other_build=True)),
    # the microphone
    *each("pico nano33ble", Fault("microphone", "all samples are 0: no sound")),
    slow("esp32s3", Fault("microphone", "0 samples came in 3.* instead of 16000")),
    ("pico", Fault("microphone", r"all samples are (0|16): no sound", hears=FLAT, turns=2)),  # its mean settles
    ("nano33ble", FLAT_SOUND),
    slow("esp32s3", FLAT_SOUND),
    ("nano33ble", OFFSET),
    slow("esp32s3", OFFSET),
    ("pico", Fault("microphone", "around 80 % of the supply: the microphone does not rest", hears=SHIFTED)),
    # the watchdog
    ("pico", Fault("watchdog", NO_ANSWER, ("system.c", PICO_WATCHES, ""))),
    ("nano33ble", Fault("watchdog", NO_ANSWER, ("watchdog.c", "*WDT_TASKS_START = 1;", ""))),
    slow("esp32s3", Fault("watchdog", NO_ANSWER, ("watchdog.c", "CONFIG0 = RTC_WDT_ENABLE |", "CONFIG0 ="))),
    ("nano33ble", Fault("watchdog", "says that its reset was: other", ("facts.c", *OTHER_REASON))),
    slow("pico", Fault("watchdog", "says that its reset was: other", ("facts.c", *OTHER_REASON))),
    slow("esp32s3", Fault("watchdog", "says that its reset was: other", ("watchdog.c", *OTHER_REASON))),
    # the port
    (
        "nano33ble",
        Fault(
            "usb",
            "opening 1 of 3: the port stays silent",
            ("usb_control.c", OPENS, OPENS_ONCE),
            options={"console": "usb"},
        ),
    ),
    ("pico", DEAD_WIRE),
    slow("esp32s3", DEAD_WIRE),
]


@pytest.mark.parametrize(
    ("name", "fault"), FAULTS, ids=lambda value: value if isinstance(value, str) else f"{value.step}-{value.cause[:12]}"
)
def test_the_step_fails_and_names_the_cause(
    name: str, fault: Fault, images: Callable[[str], Path], sounds: dict[str | None, Path | None], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    kind = kind_of(name)
    if fault.cause == NO_ANSWER or fault.step == "usb":
        monkeypatch.setattr(bringup, "_RESET_S", 6.0)
        monkeypatch.setattr(bringup, "_OPENING_S", 4.0)
    if fault.step == "clock":
        monkeypatch.setattr(bringup, "_LOOK_S", 1.0)
    firmware = kind.make(name, tmp_path, fault.change) if fault.change else images(name)
    elf = another_build(firmware, tmp_path) if fault.other_build else firmware.with_suffix(".elf")
    result = result_of(name, fault, firmware, sounds[fault.hears], elf)
    assert result.status == "failed", result
    assert re.search(fault.cause, result.found), result.found
    assert result.look


@pytest.mark.parametrize("name", ["pico", "nano33ble"])
def test_only_a_person_sees_a_dead_light(name: str, images: Callable[[str], Path], tmp_path: Path) -> None:
    line = "*(on ? SIO_GPIO_OUT_SET : SIO_GPIO_OUT_CLR) = 1u << PIN_LED;" if name == "pico" else "pin_set(PIN_LED, on);"
    dead = kind_of(name).make(name, tmp_path, ("board.c", line, "(void)on;"))
    for firmware, times in ((images(name), 1), (dead, 0)):
        with kind_of(name).start(firmware, None) as board:
            contact = Contact(load_platform(name), board.url)
            result = run_step("light", contact)
            contact.close()
            assert (result.status, board.stats()["led_on"]) == ("passed", times)  # type: ignore[attr-defined]
            assert "only you can see it" in result.found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pico", "nano33ble"])
def test_usb_comes_back(name: str, images: Callable[[str], Path]) -> None:
    """After the watchdog's reset, which ends it, and after its port was closed."""
    with kind_of(name).start(images(name), None, console="usb") as board:
        contact = Contact(load_platform(name), board.url)
        results = [run_step(step, contact) for step in ("console", "watchdog", "usb")]
        contact.close()
        board.check()
    assert [result.status for result in results] == ["passed"] * 3, results


def test_nothing_answers() -> None:
    report = run(plan(BringupRequest(platform="esp32s3", port="socket://127.0.0.1:1")))
    assert [step.status for step in report.steps] == ["failed"]
    assert report.failure is not None


def test_an_image_of_another_board(images: Callable[[str], Path]) -> None:
    with kind_of("pico").start(images("pico"), None) as board:
        report = run(plan(BringupRequest(platform="nano33ble", port=board.url)))
    (step,) = [step for step in report.steps if step.name == "console"]
    assert step.status == "failed" and "calls itself pico" in step.found


# From RAM


def test_a_pico_that_runs_from_ram(images: Callable[[str], Path], tmp_path: Path) -> None:
    kind_of("pico")
    board = asset_dir("firmware_templates") / "boards" / "pico"
    base, content = link_for_ram(board, tmp_path / "ram.elf", PICO_FLAGS)
    elf, file = shutil.copy(images("pico").with_suffix(".elf"), tmp_path), tmp_path / "firmware.ram.uf2"
    file.write_bytes(to_uf2(content, base))
    with pico.start(file) as running:
        _reads_its_code("pico", running, build_of(load_platform("pico"), Path(elf), ram_uf2=file))


def test_a_nano_that_runs_from_ram(images: Callable[[str], Path], tmp_path: Path) -> None:
    kind_of("nano33ble")
    board = asset_dir("firmware_templates") / "boards" / "nano33ble"
    _, content = link_for_ram(board, tmp_path / "ram.elf", NANO_FLAGS)
    elf, file = shutil.copy(images("nano33ble").with_suffix(".elf"), tmp_path), tmp_path / "firmware.ram.bin"
    file.write_bytes(content)
    with nano.start(file) as running:
        _reads_its_code("nano33ble", running, build_of(load_platform("nano33ble"), Path(elf), ram_bin=file))


def _reads_its_code(name: str, running: RunningBoard, build: Build) -> None:
    contact = Contact(load_platform(name), running.url, build)
    results = [run_step(step, contact) for step in ("console", "ram", "flash")]
    contact.close()
    assert [result.status for result in results] == ["passed"] * 3, results
    running.check()


# With a model


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, pytest.CaptureFixture[str]], Path]:
    """A board's build of a published model."""
    made: dict[str, Path] = {}

    def build(name: str, capsys: pytest.CaptureFixture[str]) -> Path:
        kind_of(name)
        if not (PUBLISHED / "hey_jarvis.tflite").is_file():
            pytest.skip("pymicro-wakeword is not installed")
        if name not in made:
            made[name] = tmp_path_factory.mktemp(name) / "build"
            files = ("--model-file", PUBLISHED / "hey_jarvis.tflite", "--manifest", PUBLISHED / "hey_jarvis.json")
            result = run_here(capsys, "build", "--platform", name, *files, "--out", made[name])
            assert result.code == 0, result.err
        return made[name]

    return build


Built = Callable[[str, pytest.CaptureFixture[str]], Path]


def bin_of(folder: Path) -> Path:
    return folder / str(json.loads((folder / "manifest.json").read_text())["image"]["bin"])


@pytest.mark.slow
@BOARDS
def test_a_good_board_with_a_model_passes_every_step(
    name: str, built: Built, capsys: pytest.CaptureFixture[str], sounds: dict[str | None, Path | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """On a port of this computer, so that its clock is held to this computer's, too."""
    monkeypatch.setattr(bringup, "_LOOK_S", 1.0)
    folder = built(name, capsys)
    with (
        KINDS[name].start(bin_of(folder), sounds[NOISE]) as board,
        Relay(board.port, of_pace(1.0)) as relay,
        PtyBridge(relay.port) as port,
    ):
        report = run(plan(BringupRequest(platform=name, port=port.device, build=folder)))
        board.check()
    assert {step.name: step.found for step in report.steps if step.status != "passed"} == {}


@pytest.mark.slow
@BOARDS
@pytest.mark.parametrize(
    ("step", "cause", "says"),
    [
        ("parity", "random: .* differ; input 0: device ff, host", wrong(rb"ww-output-\[..", b"ww-output-[ff")),
        ("stream", "probabilities: .*device frame .* p 255, host", wrong(rb"(ww-prob-\[\d+,)\d+", rb"\g<1>255")),
    ],
)
def test_a_board_that_computes_something_else(
    name: str, step: str, cause: str, says: Callable[[bytes], bytes], built: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = built(name, capsys)
    made = plan(BringupRequest(platform=name, port="any", build=folder))
    with KINDS[name].start(bin_of(folder), None) as board, Relay(board.port, says) as relay:
        contact = Contact(made.platform, relay.url, made.build, made.expectation)
        assert run_step("console", contact).status == "passed"
        result = run_step(step, contact)
        contact.close()
    assert result.status == "failed" and re.search(cause, result.found), result
