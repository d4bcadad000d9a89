"""The stage that holds the quantized network against the float one: recall at the budget, and noise by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from wwtool import __version__
from wwtool.config import Config
from wwtool.errors import InputError
from wwtool.pipeline.preparation import CLIPS, Prepared, material_of, training_of
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.pipeline.validation import Validation
from wwtool.training.checkpoint import load_float, load_trained
from wwtool.training.quantization_noise import LayerNoise, layer_noise
from wwtool.training.randomness import calibration_generator
from wwtool.training.sampler import Sampler, to_real

_NOISIEST = 3  # layers that the note names


def compare_with_float(
    stages: Stages, prepared: Prepared, config: Config, model: str, trained: dict[str, Any]
) -> None:  # fmt: skip
    """Compares the run's finished training, whose facts are ``trained``, with its float stage.

    Raises:
        InputError: quantization costs more recall than ``train.quantization.most_drop``.
    """

    def work() -> Outcome:
        run = replace(training_of(stages, prepared, config, model, stages.folder), judge=None)
        judge = Validation(
            material_of(stages.folder / CLIPS, prepared.stores, config),
            config,
            run.architecture.front_end,
            run.device,
            stages.cancel,
        )
        quantized, exact = load_trained(stages.folder)[0], load_float(stages.folder)
        sampler = Sampler(run.pools, run.architecture.receptive_frames, run.config)
        windows, _ = sampler.batch(calibration_generator(run.config.seed), run.config.calibration_windows, None)
        noise = layer_noise(quantized, to_real(windows))
        recall = {"float": judge(exact.to(run.device).eval()), "int8": judge(quantized.to(run.device))}
        facts = {"recall": recall, "layers": [asdict(layer) for layer in noise]}
        return Outcome(_note(recall, noise), facts, ())

    settings = [config.detector.model_dump(), config.evaluate.model_dump()]
    facts = stages.run("quantization", "8 bits against float", [__version__, trained, settings], work)
    recall = facts["recall"]
    stages.report("quantization", {f"recall {name}": value for name, value in recall.items()})
    stages.report("quantization", {f"dB of {layer['layer']}": layer["snr_db"] for layer in facts["layers"]})
    limits = config.train.quantization
    if recall["float"] - recall["int8"] > limits.most_drop and not limits.allow_drop:
        noisiest = _noisiest([LayerNoise(**layer) for layer in facts["layers"]])
        raise InputError(
            f"quantization lowers recall from {recall['float']:.1%} to {recall['int8']:.1%}, more than "
            f"train.quantization.most_drop ({limits.most_drop:.1%}); the noisiest layers are {noisiest}; raise "
            "train.qat_steps, choose another train.quantization.ranges, or export it all the same with --allow-drop"
        )


def _note(recall: dict[str, float], noise: Sequence[LayerNoise]) -> str:
    return f"recall {recall['float']:.1%} float, {recall['int8']:.1%} in 8 bits; noisiest {_noisiest(noise)}"


def _noisiest(noise: Sequence[LayerNoise]) -> str:
    layers = sorted(noise, key=lambda layer: layer.snr_db)[:_NOISIEST]
    return ", ".join(f"{layer.layer} ({layer.snr_db:.0f} dB)" for layer in layers)
