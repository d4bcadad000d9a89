"""What the hardware-in-the-loop suites expect, computed on the host from a build folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.data.audio import read_audio
from wwtool.device import suites
from wwtool.device.session import DeviceInfo, Session
from wwtool.device.suites import ParityGroup, SuiteResult
from wwtool.engines.diff import random_rows
from wwtool.engines.native import NativeEngine
from wwtool.errors import DeviceError, InputError
from wwtool.evaluation.detector import DetectorConfig, detect
from wwtool.evaluation.streaming import StreamingModel
from wwtool.files import sha256_of
from wwtool.frontend.micro import features, quantize
from wwtool.pipeline.build import MANIFEST, VECTORS
from wwtool.records import read_array, read_manifest

SUITES = ("parity", "stream", "latency", "memory", "soak")
NEEDS_BUILD = ("parity", "stream", "soak")
_RANDOM_ROWS = 200


@dataclass(frozen=True)
class Expectation:
    """A build as the host sees it."""

    folder: Path
    content: bytes
    sha256: str
    detector: DetectorConfig
    stack_bytes: int | None

    @staticmethod
    def of(folder: Path) -> Expectation:
        manifest = read_manifest(folder)
        model = folder / "model.tflite"
        try:
            detector = DetectorConfig.model_validate(manifest["detector"])
            expected = str(manifest["model"]["sha256"])
            stack_bytes = int(manifest["final"]["sizes"]["stack_reserved"]) or None
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{folder / MANIFEST} is not a manifest of this version; build again") from error
        if not model.is_file() or sha256_of(model) != expected:
            raise InputError(f"{model} is not the model that {folder} was built with; build again")
        return Expectation(folder, model.read_bytes(), expected, detector, stack_bytes)


def check_device(info: DeviceInfo, build: Expectation) -> None:
    """The board runs this very build.

    Raises:
        DeviceError: it runs another model.
    """
    if info.sha256 != build.sha256:
        raise DeviceError(
            f"the board runs '{info.phrase}' with model {info.sha256[:12]}, the build has {build.sha256[:12]}; flash it"
        )


def run_suite(name: str, session: Session, build: Expectation | None, wav: Path | None, soak_s: float) -> SuiteResult:
    """Runs one suite; parity, stream and soak need a build."""
    if name == "latency":
        return suites.latency(session)
    if name == "memory":
        return suites.memory(session, build.stack_bytes if build else None)
    assert build is not None
    if name == "parity":
        return suites.parity(session, parity_groups(build))
    audio = read_audio(wav or build.folder / VECTORS / "stream.wav")
    detections, probabilities = expected_stream(build, audio)
    if name == "stream":
        return suites.stream(session, audio, detections, probabilities)
    return suites.soak(session, audio, detections, soak_s)


def parity_groups(build: Expectation) -> list[ParityGroup]:
    """200 random and 50 real inputs with the bytes that the generated C gives on the host, state carried along."""
    with NativeEngine(build.content) as engine:
        groups = []
        rows: dict[str, npt.NDArray[Any]] = {"random": random_rows(engine.model.program.graph, _RANDOM_ROWS)[0]}
        real = build.folder / VECTORS / "real.npy"
        if real.is_file():
            rows["real"] = read_array(real)
        for name, inputs in rows.items():
            groups.append(ParityGroup(name, inputs, engine.run(inputs), carry_state=True))
    return groups


def expected_stream(
    build: Expectation, audio: npt.NDArray[np.int16]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(frame, probability) of every detection and of every inference."""
    model = StreamingModel(build.content)
    try:
        p = model.probabilities(quantize(features(audio)))
        outputs = [(model.frame_of(i), int(value)) for i, value in enumerate(p)]
    finally:
        model.close()
    return [outputs[i] for i in detect(p, build.detector)], outputs
