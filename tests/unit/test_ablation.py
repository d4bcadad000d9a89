"""The ablation benchmark: every row is a config that can be trained, and differs from what it is held against."""

from __future__ import annotations

import ablation
import pytest

from wwtool import events
from wwtool.config import Config
from wwtool.jobs.settings import read_config

RECIPE = Config(phrase="computer")


@pytest.mark.parametrize("name", ablation.INGREDIENTS)
def test_every_row_is_a_config_of_its_own(name: str) -> None:
    plain = ablation.with_settings(RECIPE, ablation.PLAIN)
    for alone, base in ((True, plain), (False, RECIPE)):
        config, what = ablation.varied(RECIPE, name, alone)
        assert config != base, what
        read_config(None, config.model_dump(mode="json"), events.ignore)  # names are known, parts make sense


def test_pools_are_shared_by_all_rows() -> None:
    """What makes pools stays: only the training and the spectrograms of its batches are varied."""
    for name in ablation.INGREDIENTS:
        for alone in (True, False):
            config, _ = ablation.varied(RECIPE, name, alone)
            assert config.pools == RECIPE.pools
            assert config.augment.model_dump(exclude={"spectrogram"}) == RECIPE.augment.model_dump(
                exclude={"spectrogram"}
            )


def test_the_interval_is_that_of_the_mean() -> None:
    assert ablation.cells([0.9]) == ("90.0%", "")
    mean, interval = ablation.cells([0.88, 0.90, 0.92])
    assert (mean, interval) == ("90.0%", "85.0% to 95.0%")
