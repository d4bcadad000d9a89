"""The statistics stage: a front end that is normalised by the audio that the model is trained on."""

from __future__ import annotations

from pathlib import Path

from wwtool import __version__
from wwtool.base.files import sha256_of
from wwtool.config import Config
from wwtool.config.frontend import Normalized
from wwtool.features.gauge import gauge
from wwtool.features.pools import PoolJob
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.mel import MelFrontEnd
from wwtool.frontend.statistics import NAME, Sums, read_statistics
from wwtool.pipeline.stages import Outcome, Stages

STATISTICS = NAME


def normalized(stages: Stages, config: Config, front_end: FrontEnd, plan: list[tuple[PoolJob, float]]) -> FrontEnd:
    """The front end with the statistics that the config asks for; they are kept in the run's ``statistics.json``.

    Raises:
        InputError: the file that the config names is missing or of another front end.
        CancelledError: somebody has cancelled.
    """
    settings = config.frontend
    if not isinstance(settings, Normalized) or not isinstance(front_end, MelFrontEnd) or not settings.normalize:
        return front_end
    path, given = stages.folder / STATISTICS, settings.statistics
    if given is not None:
        statistics = read_statistics(Path(given))
        statistics.save(path)
        return statistics.apply(front_end, given)

    def work() -> Outcome:
        sums = Sums(front_end.geometry.channels)
        for number, (job, _) in enumerate(plan):
            stages.advance(number, len(plan), "pools")
            gauge(job, front_end, sums)
        sums.statistics(front_end).save(path)
        return Outcome(f"{sums.frames:,} frames of {len(plan)} pools", {"sha256": sha256_of(path)}, (path,))

    inputs = [__version__, front_end.as_dict(), [job.key for job, _ in plan]]
    stages.run("statistics", "mean and deviation of the features", inputs, work)
    return read_statistics(path).apply(front_end, str(path))
