"""Firmware with a silence gate, on an emulated board: it reports what this machine makes of the same audio."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from board_images import random_tflite

from wwtool.device.session import Session
from wwtool.emulators import nano
from wwtool.evaluation.detector import DetectorConfig, detect
from wwtool.evaluation.silence import SilenceGate
from wwtool.evaluation.streaming import StreamingModel
from wwtool.firmware.toolchains import find_toolchain
from wwtool.packages.bare_metal.image import build_image
from wwtool.packages.bare_metal.project import write_project
from wwtool.packages.compiling import compile_for
from wwtool.platforms.load import load_platform
from wwtool.tflite.reader import parse_model

pytestmark = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed")

GATE = {"average_window": 2, "lockout": 5, "warmup": 9, "silence": 48}


def test_a_board_skips_what_this_machine_skips(tmp_path: Path) -> None:
    pytest.importorskip("unicorn")
    rng = np.random.default_rng(3)
    word, pause = rng.integers(-6000, 6000, 8000), rng.integers(-20, 20, 14000)
    samples = np.concatenate([pause, word, pause, word[:2000], pause]).astype("<i2")

    content, platform = random_tflite("tcn32"), load_platform("nano33ble")
    model = StreamingModel(content, gate=SilenceGate.of(DetectorConfig.model_validate(GATE)))
    frames = model.front_end.quantized([samples])
    outputs = model.probabilities(frames)
    assert model.gate is not None
    opens, hears = model.gate.open_hops(frames, model.stride)
    assert 0.2 < opens.mean() < hears.mean() < 0.95
    expected = [(model.frame_of(int(i)), int(outputs[i])) for i in np.flatnonzero(opens)]
    likely = max(2, int(np.percentile(outputs[opens], 80)))  # whatever the random model says, it detects something
    detector = DetectorConfig.model_validate({**GATE, "on_threshold": likely, "off_threshold": likely - 1})
    compiled, toolchain = compile_for(platform, parse_model(content), "tcn32"), find_toolchain(platform)
    project = write_project(tmp_path / "firmware", platform, toolchain, compiled, "hey fake", detector)
    image = build_image(project, platform, toolchain, tmp_path / "objects", tmp_path / "image", "firmware")
    with nano.start(image.files["bin"]) as board, Session(board.url) as session:
        session.reset()
        session.show_probabilities(True)
        events = session.stream_pcm(samples)
        board.check()
    assert [(event.frame, event.probability) for event in events if event.kind == "prob"] == expected
    detections = [event.frame for event in events if event.kind == "detection"]
    assert detections == [model.frame_of(i) for i in detect(outputs, detector)]
    assert detections
