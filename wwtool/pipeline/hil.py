"""What the hardware-in-the-loop suites expect, computed on the host from a build folder."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.files import sha256_of
from wwtool.base.records import read_array, read_manifest
from wwtool.data.audio import read_audio
from wwtool.device import suites
from wwtool.device.plausible import BoardFacts
from wwtool.device.session import DeviceInfo, Session
from wwtool.device.suites import ParityGroup, SuiteResult
from wwtool.engines.diff import random_rows
from wwtool.engines.native import NativeEngine
from wwtool.errors import DeviceError, InputError
from wwtool.evaluation.detector import DetectorConfig, detect
from wwtool.evaluation.streaming import StreamingModel
from wwtool.firmware.builds import platform_of_build
from wwtool.frontend.geometry import MICRO
from wwtool.packages.c_text import console_text
from wwtool.pipeline.manifest import NAME as MANIFEST
from wwtool.pipeline.vectors import FEATURES, RECORDING
from wwtool.pipeline.vectors import FOLDER as VECTORS
from wwtool.platforms.load import load_platform, platform_names
from wwtool.platforms.profile import Platform
from wwtool.tflite.reader import parse_model

SUITES = ("parity", "stream", "latency", "memory", "soak")
NEEDS_BUILD = ("parity", "stream", "soak")
_RANDOM_ROWS = 200
_LINUX_STACK_BYTES = 256 * 1024  # boards/linux/stack.c


@dataclass(frozen=True)
class Expectation:
    """A build as the host sees it.

    Attributes:
        says: what the board must say of itself, by field of ``DeviceInfo``.
        stack_bytes: what is reserved for the stack, if that is known.
        inference_us: the most that an inference may take.
    """

    folder: Path
    platform: str
    content: bytes
    sha256: str
    detector: DetectorConfig
    says: dict[str, str | int]
    facts: BoardFacts
    stack_bytes: int | None
    inference_us: float

    @staticmethod
    def of(folder: Path, platform: Platform | None = None) -> Expectation:
        """Reads a build folder; ``platform`` is the profile that it was built for, where that is a user's own.

        Raises:
            InputError: it has no manifest of this version, or another model than that says.
        """
        manifest = read_manifest(folder)
        model = folder / "model.tflite"
        try:
            expected = str(manifest["model"]["sha256"])
            build = _told_by(folder, manifest, platform_of_build(folder, manifest, platform), expected)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InputError(f"{folder / MANIFEST} is not a manifest of this version; build again") from error
        if not model.is_file() or sha256_of(model) != expected:
            raise InputError(f"{model} is not the model that {folder} was built with; build again")
        content = model.read_bytes()
        graph = parse_model(content)
        source, result = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
        frames = source.shape[1]
        says = {"input_bytes": source.nbytes, "output_bytes": result.nbytes, "input_frames": frames}
        facts = replace(build.facts, hop_frames=frames)
        return replace(build, content=content, says={**build.says, **says}, facts=facts)


def _told_by(folder: Path, manifest: dict[str, Any], platform: Platform, sha256: str) -> Expectation:
    """What the manifest alone tells; KeyError, TypeError and others if it is none."""
    final = manifest["final"]
    limits = {line["name"]: float(line["limit"]) for line in final["limits"]}
    if not all(0.0 < limit < math.inf for limit in limits.values()):  # with NaN, everything would pass
        raise ValueError("a limit that is none")
    counts_cycles = final["cycles"] is not None and "cycles" not in final["estimated"]
    facts = _facts(platform, counts_cycles)
    reserved = _LINUX_STACK_BYTES if platform.is_linux else int(final["sizes"]["stack_reserved"])
    return Expectation(
        folder=folder,
        platform=platform.name,
        content=b"",
        sha256=sha256,
        detector=DetectorConfig.model_validate(manifest["detector"]),
        says={
            "version": str(manifest["wwtool"]),
            "phrase": console_text(str(manifest["phrase"])),
            "arena_bytes": int(final["arena_bytes"]),
            "state_bytes": int(final["state_bytes"]),
            "step_samples": MICRO.step_samples,
            "sample_rate_hz": MICRO.sample_rate_hz,
        },
        facts=replace(facts, macs=int(manifest["model"]["macs"]), duty_percent=limits.get("duty cycle")),
        stack_bytes=reserved or None,
        inference_us=limits.get("latency", platform.budget.latency_ms) * 1000.0,
    )


def _is_of_board(build: Expectation, name: str) -> bool:
    """Whether the build's program calls its board so: as the folder of a shipped board's code; a user's own code may
    call it anything, so the name must be in the program."""
    if build.platform in platform_names():
        return name == load_platform(build.platform).board_folder.name
    programs = [path for path in (build.folder / "image").glob("*.elf") if path.is_file()]
    if not programs:
        raise InputError(f"{build.folder / 'image'} has no .elf, which knows the board's name; build again")
    return name != "" and any(name.encode() + b"\0" in program.read_bytes() for program in programs)


def _facts(platform: Platform, counts_cycles: bool) -> BoardFacts:
    clock_hz = platform.chip.clock_hz if counts_cycles and not platform.is_linux else None
    return BoardFacts(clock_hz, platform.memory.ram_bytes)


def _facts_without_build(info: DeviceInfo) -> tuple[BoardFacts, float | None]:
    """What is known of a board, and the most that an inference may take in us: what the profile of its name says, and
    no longer than until the next one is due."""
    hop_us = info.input_frames * info.step_samples * 1e6 / MICRO.sample_rate_hz or None
    if info.board not in platform_names():
        return suites.UNKNOWN, hop_us
    platform = load_platform(info.board)
    facts = replace(_facts(platform, True), hop_frames=info.input_frames or None)
    limit_us = platform.budget.latency_ms * 1000.0
    return replace(facts, duty_percent=platform.budget.duty_percent), min(limit_us, hop_us or limit_us)


def check_device(info: DeviceInfo, build: Expectation) -> None:
    """The board runs this very build.

    Raises:
        DeviceError: it runs another model, is another board, or says what cannot be.
    """
    if info.sha256 != build.sha256:
        raise DeviceError(
            f"the board runs '{info.phrase}' with model {info.sha256[:12]}, the build has {build.sha256[:12]}; flash it"
        )
    if not _is_of_board(build, info.board):
        raise DeviceError(
            f"the board says that it is '{info.board}', the build is for {build.platform}; check the port, or flash it"
        )
    for field, expected in build.says.items():
        said = getattr(info, field)
        if said != expected:
            raise DeviceError(
                f"the board says that its {field.replace('_', ' ')} is {said!r}, the build has {expected!r}; check the "
                "port, or flash it"
            )


def run_suite(
    name: str, session: Session, info: DeviceInfo, build: Expectation | None, wav: Path | None, soak_s: float
) -> SuiteResult:
    """Runs one suite; parity, stream and soak need a build."""
    facts, inference_us = (build.facts, build.inference_us) if build else _facts_without_build(info)
    if name == "latency":
        return suites.latency(session, inference_limit_us=inference_us, board=facts)
    if name == "memory":
        return suites.memory(session, build.stack_bytes if build else None, facts)
    assert build is not None
    if name == "parity":
        return _parity(session, build)
    audio = read_audio(wav or build.folder / VECTORS / RECORDING)
    detections, probabilities = expected_stream(build, audio)
    if name == "stream":
        return suites.stream(session, audio, detections, probabilities)
    return suites.soak(session, audio, detections, soak_s)


def _parity(session: Session, build: Expectation) -> SuiteResult:
    result = suites.parity(session, parity_groups(build))
    if any(case.name == "real" for case in result.cases):
        return result
    missing = suites.not_checked("real", f"{build.folder / VECTORS / FEATURES} is not there; build again")
    return replace(result, cases=(*result.cases, missing))


def parity_groups(build: Expectation) -> list[ParityGroup]:
    """200 random and 50 real inputs with the bytes that the generated C gives on the host, state carried along."""
    with NativeEngine(build.content) as engine:
        groups = []
        rows: dict[str, npt.NDArray[Any]] = {"random": random_rows(engine.model.program.graph, _RANDOM_ROWS)[0]}
        real = build.folder / VECTORS / FEATURES
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
        p = model.probabilities(model.front_end.quantized([audio]))
        outputs = [(model.frame_of(i), int(value)) for i, value in enumerate(p)]
    finally:
        model.close()
    return [outputs[i] for i in detect(p, build.detector)], outputs
