"""The stage that holds the quantized network against the float one: recall at the budget, and noise by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from wwtool import __version__, events
from wwtool.config import Config
from wwtool.errors import InputError
from wwtool.evaluation.drop import Drop, recall_drop
from wwtool.evaluation.recordings import Recordings
from wwtool.pipeline.preparation import Prepared, training_of
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.pipeline.validation import Validation
from wwtool.training.checkpoint import load_float, load_trained
from wwtool.training.quantization_noise import LayerNoise, layer_noise
from wwtool.training.randomness import calibration_generator
from wwtool.training.sampler import Sampler, to_real

_NOISIEST = 3  # layers that the note names


def compare_with_float(
    stages: Stages, prepared: Prepared, config: Config, model: str, trained: dict[str, Any],
    recordings: Callable[[], Recordings],
) -> None:  # fmt: skip
    """Compares the run's finished training, whose facts are ``trained``, with its float stage, on the dev split.

    Raises:
        InputError: quantization costs more recall than ``train.quantization.most_drop``, beyond chance, and
            ``allow_drop`` is off.
    """

    limits, per_hour = config.train.quantization, config.evaluate.false_alarms_per_hour

    def work() -> Outcome:
        run = replace(training_of(stages, prepared, config, model, stages.folder), judge=None)
        material, judge = recordings().material, Validation(recordings(), config, run.device, stages.cancel)
        (quantized, state), exact = load_trained(stages.folder), load_float(stages.folder)
        sampler = Sampler(run.pools, run.architecture.receptive_frames, run.config)
        windows, _ = sampler.batch(calibration_generator(run.config.seed), run.config.calibration_windows, None)
        noise = layer_noise(quantized, to_real(windows))
        heard = judge.heard(exact.to(run.device).eval(), state.logit_shift), judge.heard_on_device(quantized)
        drop = recall_drop(*heard, per_hour, limits.drop_confidence, material.who or None)
        counts = {"clips": len(material.positives), "hours": round(heard[0].hours, 4)}
        facts = {"drop": asdict(drop), **counts, "layers": [asdict(layer) for layer in noise]}
        return Outcome(_note(drop, noise), facts, ())

    settings = [config.detector.model_dump(), config.evaluate.model_dump(), limits.drop_confidence]
    facts = stages.run("quantization", "8 bits against float", [__version__, trained, prepared.stores, settings], work)
    drop, noise = Drop(**facts["drop"]), [LayerNoise(**layer) for layer in facts["layers"]]
    stages.report("quantization", {"recall float": drop.first, "recall int8": drop.second})
    stages.report("quantization", {f"dB of {layer.layer}": layer.snr_db for layer in noise})
    if not drop.beyond(limits.most_drop):
        return
    lost = (
        f"quantization lowers recall from {drop.first:.1%} to {drop.second:.1%} ({facts['clips']} clips, each network "
        f"at its threshold for {per_hour:g} false alarms an hour in {facts['hours']:.1f} h), more than "
        f"train.quantization.most_drop ({limits.most_drop:.1%}) and more than chance; the noisiest layers are "
        f"{_noisiest(noise)}"
    )
    if limits.allow_drop:
        stages.tell(events.Warning(f"{lost}; it is exported because train.quantization.allow_drop is on"))
        return
    raise InputError(
        f"{lost}; no model was exported; raise train.qat_steps, choose another train.quantization.ranges or --model, "
        "or export it all the same with --allow-drop"
    )


def _note(drop: Drop, noise: Sequence[LayerNoise]) -> str:
    return f"recall {drop.first:.1%} float, {drop.second:.1%} in 8 bits; noisiest {_noisiest(noise)}"


def _noisiest(noise: Sequence[LayerNoise]) -> str:
    layers = sorted(noise, key=lambda layer: layer.snr_db)[:_NOISIEST]
    return ", ".join(f"{layer.layer} ({layer.snr_db:.0f} dB)" for layer in layers)
