"""The stage that finds a learning rate: a range test, and its picture."""

from __future__ import annotations

from dataclasses import asdict, replace

from wwtool import __version__
from wwtool.base.files import write_text
from wwtool.config import Config
from wwtool.pipeline.preparation import Prepared, training_of
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.reports.line_chart import Axis, Curve, line_chart
from wwtool.training.loop import losses_at
from wwtool.training.range_test import HIGHEST, LOWEST, RangeTest, evaluated, rates

PICTURE = "learning-rate.svg"


def find_rate(stages: Stages, prepared: Prepared, config: Config, model: str) -> RangeTest:
    """Tests rising rates on the run's pools; the picture is in its folder."""

    def work() -> Outcome:
        run = replace(training_of(stages, prepared, config, model, stages.folder), judge=None)
        result = evaluated(rates(), losses_at(run, rates()))
        write_text(stages.folder / PICTURE, picture(result, config.train.learning_rate))
        return Outcome(f"{model}: {result.suggestion:.1e}", asdict(result), (stages.folder / PICTURE,))

    inputs = [__version__, prepared.fingerprint(config, model)]
    return RangeTest(**stages.run("learning_rate", "finding a learning rate", inputs, work))


def with_rate(config: Config, rate: float) -> Config:
    """The config with another learning rate of the float stage."""
    return config.model_copy(update={"train": config.train.model_copy(update={"learning_rate": rate})})


def picture(test: RangeTest, configured: float) -> str:
    """The mean loss over the rate; a dot marks the suggestion."""
    low, high = min(test.losses), min(max(test.losses), 2.0 * test.losses[0])
    at = test.rates.index(test.suggestion)
    mark = (test.suggestion, test.losses[at], f"suggestion {test.suggestion:.1e}; the config has {configured:g}")
    across = Axis(
        "learning rate", LOWEST, HIGHEST, [(10.0**p, f"{10.0**p:g}") for p in range(-6, 1)], logarithmic=True
    )  # fmt: skip
    up = Axis("mean loss", low, high, [(value, f"{value:.2f}") for value in (low, (low + high) / 2, high)])
    curve = Curve("float stage", list(zip(test.rates, test.losses, strict=True)), mark)
    return line_chart("Loss against learning rate", across, up, [curve], alone=True)
