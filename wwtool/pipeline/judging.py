"""What few recordings have brought: models are adapted without some of them in turn, and judged on those.

The finished model's detector is used for all of them, so that they are compared at one threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any

from wwtool import __version__
from wwtool.config import Config
from wwtool.data.audio import Audio
from wwtool.data.store import ClipStore
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.few_shot import FewShot, Heard
from wwtool.evaluation.material import positive_recording
from wwtool.evaluation.metrics import is_detected
from wwtool.evaluation.silence import SilenceGate
from wwtool.evaluation.streaming import StreamingModel
from wwtool.export.tflite import to_tflite
from wwtool.pipeline.adaptation import FOLDER, Adaptation, adapting
from wwtool.pipeline.portions import Portion, folds
from wwtool.pipeline.preparation import CLIPS, Prepared
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.training.checkpoint import load_trained
from wwtool.training.loop import train
from wwtool.training.qat import QatNet


def judge(
    stages: Stages, prepared: Prepared, config: Config, model: str, adaptation: Adaptation, detector: DetectorConfig
) -> dict[str, Any] | None:
    """The facts of a ``FewShot``; None if nothing is to be judged."""
    parts = list(adaptation.parts)
    plan = folds(parts, config.train.adapt.folds)
    if not plan:
        return None
    noise_name = "dev/noise"
    noise: Sequence[Audio] = ClipStore(stages.folder / CLIPS / noise_name) if noise_name in prepared.stores else ()

    def hear(net: QatNet, left_out: Sequence[Portion]) -> Heard:
        clips = [clip for part in left_out for clip in adaptation.clips(part)]
        content, gate = to_tflite(net.quantized(), prepared.phrase)[0], SilenceGate.of(detector)
        with closing(StreamingModel(content, gate=gate)) as streaming:
            recordings = (
                positive_recording(clips, n, front_end=streaming.front_end, cancel=stages.cancel) for n in (None, noise)
            )
            clean, noisy = (int(is_detected(part.track(streaming), detector).sum()) for part in recordings)
        return Heard(len(clips), clean, noisy)

    def work() -> Outcome:
        results: dict[bool, Heard] = {}
        for number, fold in enumerate(plan):
            stages.advance(number, len(plan), "models without some recordings")
            folder = stages.folder / FOLDER / f"fold{number}"
            run = adapting(stages, prepared, config, model, adaptation, folder, fold.left_out)
            heard = hear(train(run), sorted(fold.left_out, key=lambda part: part.name))
            results[fold.people] = results[fold.people] + heard if fold.people in results else heard
        before = hear(load_trained(stages.folder)[0], parts)
        result = FewShot(adaptation.recordings, adaptation.speakers, before, results.get(False), results.get(True))
        return Outcome(result.note, asdict(result), ())

    run = adapting(stages, prepared, config, model, adaptation, stages.folder / FOLDER)
    return stages.run("few_shot", "leaving recordings out", [__version__, run.fingerprint, detector.model_dump()], work)
