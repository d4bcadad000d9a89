"""Prints what the silence gate does to a build: levels of noise and recordings, detections, inferences skipped.

    python bench/silence_gate.py BUILD RECORDINGS [--threshold 48] [--clips 150] [--pause 5]

Recordings of the phrase stand in streams of ten, with quiet white noise between and below them.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from wwtool.data.audio import read_audio
from wwtool.data.audio_files import find_audio
from wwtool.evaluation.detector import DetectorConfig, detect
from wwtool.evaluation.silence import SilenceGate
from wwtool.evaluation.streaming import StreamingModel
from wwtool.pipeline.evaluation import find_subject

RATE_HZ, QUIET, CLIPS_A_STREAM = 16000, 20, 10  # QUIET: standard deviation of the noise, of 32768


def levels(frames: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
    """The mean feature of each frame, 0 to 255."""
    means: npt.NDArray[np.float64] = (frames.astype(int) + 128).mean(axis=1)
    return means


def streams(clips: list[npt.NDArray[np.int16]], pause_s: float) -> list[npt.NDArray[np.int16]]:
    rng = np.random.default_rng(1)
    made = []
    for begin in range(0, len(clips), CLIPS_A_STREAM):
        parts = []
        for clip in clips[begin : begin + CLIPS_A_STREAM]:
            parts += [np.zeros(round(pause_s * RATE_HZ), np.int16), clip]
        stream = np.concatenate(parts)
        noisy = stream + rng.standard_normal(len(stream)) * QUIET
        made.append(np.clip(noisy, -32768, 32767).astype(np.int16))
    return made


@click.command()
@click.argument("build", type=click.Path(path_type=Path))
@click.argument("recordings", type=click.Path(path_type=Path))
@click.option("--threshold", default=48)
@click.option("--clips", default=150)
@click.option("--pause", default=5.0)
def main(build: Path, recordings: Path, threshold: int, clips: int, pause: float) -> None:
    subject = find_subject(build)
    assert subject.detector is not None, "name a build or a run"
    detector = DetectorConfig(**subject.detector.model_dump() | {"silence": threshold})
    heard = [read_audio(found.path) for found in find_audio(recordings)[:clips]]
    with closing(StreamingModel(subject.model.read_bytes())) as model:
        quiet = np.random.default_rng(2).standard_normal(600 * RATE_HZ) * QUIET
        settled = levels(model.front_end.quantized([quiet.astype(np.int16)]))[100:]
        print("quiet noise, 50 / 99 / 99.9 %:", *(f"{np.percentile(settled, q):.1f}" for q in (50, 99, 99.9)))
        loudest = [levels(model.front_end.quantized([clip])).max() for clip in heard]
        print(f"{len(heard)} recordings, the loudest frame of the quietest: {min(loudest):.1f}")
        features = [model.front_end.quantized([stream]) for stream in streams(heard, pause)]
        without = [detect(model.probabilities(frames), detector) for frames in features]
        model.gate, model.hops, model.heard = SilenceGate.of(detector), 0, 0
        gated = [detect(model.probabilities(frames), detector) for frames in features]
        moved = sum(len(set(a) ^ set(b)) for a, b in zip(without, gated, strict=True))
        print(f"detections: {sum(map(len, without))} without, {sum(map(len, gated))} with the gate, {moved} differ")
        print(f"inferences needed: {100 * model.heard / model.hops:.1f} %")


if __name__ == "__main__":
    main()
