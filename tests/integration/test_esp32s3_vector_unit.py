"""Whole images whose kernels use the ESP32-S3's vector unit, on the emulated board: the bytes of this machine's C.

QEMU does not have the unit; an interpreter of its instructions, written from the chip's manual, stands in for it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from board_images import random_tflite

from wwtool.config import parse_config
from wwtool.device import suites
from wwtool.device.session import Session
from wwtool.emulators import esp32s3
from wwtool.emulators.esp32s3_vector_unit import VectorUnit
from wwtool.engines.machines import picolibc
from wwtool.engines.native import NativeEngine
from wwtool.engines.random_rows import random_rows
from wwtool.errors import DeviceError, InputError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.streaming import StreamingModel
from wwtool.firmware.esp_image import parse_esp_image
from wwtool.firmware.toolchains import find_toolchain
from wwtool.packages.bare_metal.image import build_image
from wwtool.packages.bare_metal.project import write_project
from wwtool.packages.compiling import compile_for
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform
from wwtool.tflite.reader import parse_model

PLAIN = load_platform("esp32s3")
CONTENT = random_tflite("tcn64")
ENABLES = "    .byte 0x20, CPENABLE, 0x13"

pytestmark = pytest.mark.skipif(
    not picolibc() or not esp32s3.QEMU.is_there, reason="the Xtensa compiler or QEMU is missing"
)


def with_vector_unit(platform: Platform) -> Platform:
    return platform.with_board(parse_config({"board": {"vector_unit": True}}, "test").board)


def image(folder: Path, platform: Platform, start: str = "") -> Path:
    """The firmware with the model; ``start`` is in the place of the instruction that enables the unit."""
    compiled, toolchain = compile_for(platform, parse_model(CONTENT), "tcn64"), find_toolchain(platform)
    project = write_project(folder / "firmware", platform, toolchain, compiled, "hey fake", DetectorConfig())
    if start:
        file = folder / "firmware" / "board" / "start.S"
        assert ENABLES in file.read_text()
        file.write_text(file.read_text().replace(ENABLES, start, 1))
    return build_image(project, platform, toolchain, folder / "objects", folder / "image", "firmware").files["bin"]


def test_the_unit_is_off_unless_a_config_asks_for_it(tmp_path: Path) -> None:
    plain, fast = (
        compile_for(p, parse_model(CONTENT), "m").program.functions for p in (PLAIN, with_vector_unit(PLAIN))
    )
    assert not any(function.endswith("_pie") for function in plain)
    assert {"ww_dense_pie", "ww_depthwise_conv_2d_pie"} <= set(fast)
    assert not VectorUnit(parse_esp_image(image(tmp_path, PLAIN).read_bytes())).places
    with pytest.raises(InputError, match=r"board.vector_unit: .* has none"):
        with_vector_unit(load_platform("nano33ble").model_copy(update={"pins": PLAIN.pins, "presets": PLAIN.presets}))


def test_an_image_computes_what_this_machine_computes(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    platform, samples = with_vector_unit(PLAIN), rng.integers(-8000, 8000, 16000).astype("<i2")
    model = StreamingModel(CONTENT)
    probabilities = model.probabilities(model.front_end.quantized([samples]))
    with NativeEngine(CONTENT) as engine:
        inputs = random_rows(engine.model.program.graph, 30)[0]
        outputs = engine.run(inputs)
    cycles = {}
    for name, chosen in (("plain", PLAIN), ("fast", platform)):
        with esp32s3.start(image(tmp_path / name, chosen)) as board, Session(board.url) as session:
            group = suites.ParityGroup("random", inputs, outputs, carry_state=True)
            assert suites.parity(session, [group]).passed
            session.reset()
            session.show_probabilities(True)
            events = [event for event in session.stream_pcm(samples) if event.kind == "prob"]
            assert [(e.frame, e.probability) for e in events] == [
                (model.frame_of(i), int(p)) for i, p in enumerate(probabilities)
            ]
            cycles[name] = session.cycles()
            board.check()
    assert cycles["fast"].invoke < 0.5 * cycles["plain"].invoke
    assert cycles["fast"].frontend == pytest.approx(cycles["plain"].frontend, rel=0.01)


@pytest.mark.parametrize("start", ["    nop", "    movi a2, 1 << 2\n" + ENABLES])
def test_an_image_that_does_not_enable_the_unit_faults(start: str, tmp_path: Path) -> None:
    """Instructions of a coprocessor that is off raise an exception of their own; without the unit they are illegal."""
    cause = 0 if "nop" in start else 35
    with esp32s3.start(image(tmp_path, with_vector_unit(PLAIN), start)) as board:
        with pytest.raises(DeviceError), Session(board.url) as session:
            session.infer(1)
        board.wait()
        with pytest.raises(DeviceError, match=f"exception {cause} at 0x4037"):
            board.check()
