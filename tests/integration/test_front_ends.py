"""The mel front ends in real firmware on emulated boards: the features and probabilities of this computer."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from wwtool import packages
from wwtool.budget.dry_build import random_tflite
from wwtool.config.frontend import MelSettings, MfccSettings, MfeConfig
from wwtool.device.session import Session
from wwtool.emulators import Options, emulator_of
from wwtool.errors import InputError, ToolError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.streaming import StreamingModel
from wwtool.firmware.toolchains import find_toolchain
from wwtool.frontend.mel import BandFrontEnd, MelFrontEnd, MfccFrontEnd
from wwtool.frontend.mfe import MfeFrontEnd
from wwtool.frontend.registry import FRONT_ENDS
from wwtool.jobs import build
from wwtool.models.names import architecture_of
from wwtool.packages.bare_metal.image import build_image
from wwtool.packages.bare_metal.project import write_project
from wwtool.packages.compiling import compile_for
from wwtool.platforms.load import load_platform
from wwtool.tflite.reader import parse_model

CASES: dict[str, BandFrontEnd] = {
    "pico": MelFrontEnd(MelSettings(bands=20, window_ms=16, step_ms=8, lowest_hz=250.0)).normalized(
        [7000.0] * 20, [900.0 + 30 * i for i in range(20)]
    ),
    "esp32s3": MfeFrontEnd(MfeConfig(bands=20, frame_ms=8, step_ms=20, fft_length=128)),
    "nano33ble": MfccFrontEnd(MfccSettings(bands=40, window_ms=40, step_ms=20, coefficients=12, deltas=True)),
}


@pytest.mark.parametrize("board", CASES)
def test_a_board_hears_what_training_hears(board: str, tmp_path: Path) -> None:
    platform, front_end = load_platform(board), CASES[board]
    emulator = emulator_of(platform)
    assert emulator is not None
    try:
        emulator.require_tools()
        toolchain = find_toolchain(platform)
    except ToolError as error:
        pytest.skip(str(error))
    content = random_tflite(architecture_of("tinyconv", front_end), "m")
    model = compile_for(platform, parse_model(content), "m")
    project = write_project(tmp_path / "firmware", platform, toolchain, model, "hey mel", DetectorConfig())
    image = build_image(project, platform, toolchain, tmp_path / "objects", tmp_path / "image", "firmware")
    random = np.random.default_rng(0)
    audio = np.clip(random.normal(0, np.repeat([3.0, 300.0, 20_000.0], 5000)), -32768, 32767).astype(np.int16)
    with (
        emulator.start(platform, image.files[emulator.image_kind], Options()) as running,
        Session(running.url) as session,
    ):
        session.reset()
        features = session.features(audio)
        session.reset()
        session.show_probabilities(True)
        heard = [event.probability for event in session.stream_pcm(audio) if event.kind == "prob"]
        cycles = session.cycles()
    np.testing.assert_array_equal(features, front_end.quantized([audio]))
    with closing(StreamingModel(content)) as streaming:
        assert heard == streaming.probabilities(front_end.quantized([audio])).tolist()
    assert cycles.frontend > 0


def test_esphome_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("phrase: hey computer\nfrontend: {kind: mel}\n")
    request = build.BuildRequest(platform="esp32s3", framework="esphome", config=tmp_path / "c.yaml")
    with pytest.raises(InputError, match=r"features of the front end micro and of no other; leave frontend out"):
        build.plan(request)
    for kind, front_end in FRONT_ENDS.items():
        if kind != "micro":
            with pytest.raises(InputError, match=f"which says {kind}"):
                packages.look_up("esphome").require_front_end(front_end)
