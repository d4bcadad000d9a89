"""Names of models, in any width that a kernel takes."""

from __future__ import annotations

import pytest
from cli import run_here
from hypothesis import given
from hypothesis import strategies as st

from wwtool import events
from wwtool.errors import InputError
from wwtool.jobs.settings import read_config
from wwtool.models.names import architecture_of, is_model
from wwtool.models.zoo import ALL_MODELS

STEMS = ["tcn", "res", "dscnn", "tcres", "svdf", "gru", "lstm", "bcres", "mobilenetv3w", "resnet18w"]
NO_NAMES = ["tcn", "tcn0", "tcn032", "tcn-8", "tcn\u0663\u0662", "resnet34", "mobilenetv2", "tinyconv8", "gru48 "]


@given(st.sampled_from(STEMS), st.integers(1, 100))
def test_a_width_makes_a_name(stem: str, width: int) -> None:
    architecture = architecture_of(f"{stem}{width}")
    assert vars(architecture)["width"] == width
    assert 0 < architecture.parameters <= architecture.macs


@pytest.mark.parametrize("name", ALL_MODELS)
def test_names_of_the_zoo_stay_what_they_are(name: str) -> None:
    assert architecture_of(name) == ALL_MODELS[name]


@given(st.text(max_size=12))
def test_other_names_are_no_models(name: str) -> None:
    if not is_model(name):
        with pytest.raises(InputError, match=r"there is no model .* or another width, such as tcn40"):
            architecture_of(name)


@pytest.mark.parametrize(
    "name", ["tcn", "tcn0", "tcn032", "tcn-8", "tcn٣٢", "resnet34", "mobilenetv2", "tinyconv8", "gru48 "]
)
def test_what_looks_like_a_name_is_none(name: str) -> None:
    assert not is_model(name)


def test_a_width_that_nothing_can_run_is_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match=r"model gru5000: its width must be 1 to 4096"):
        architecture_of("gru5000")
    with pytest.raises(
        InputError, match=r"model resnet18w1000 has 2,7.* weights, and wwtool compiles at most 67,108,864"
    ):
        architecture_of("resnet18w1000")


def test_commands_and_configs_take_any_width(capsys: pytest.CaptureFixture[str]) -> None:
    for name, words in (("gru5000", "its width must be 1 to 4096"), ("resnet18w1000", "choose a smaller width")):
        run_here(capsys, "budget", "--platform", "pico", "--model", name).refused(2, words)
    assert read_config(None, {"model": "gru40"}, events.ignore).model == "gru40"
    with pytest.raises(InputError, match="config: model gru5000: its width must be"):
        read_config(None, {"model": "gru5000"}, events.ignore)
    with pytest.raises(InputError, match=r"model: must be 'auto' or one of tcn32.*or another width, such as tcn40"):
        read_config(None, {"model": "gru"}, events.ignore)


def test_another_width_is_among_the_choices(capsys: pytest.CaptureFixture[str]) -> None:
    run_here(capsys, "budget", "--platform", "pico", "--model", "gru0").refused(
        2, "'gru0' is not one of tcn32, ", "or another width, such as tcn40; see 'wwtool budget --help'"
    )
    run_here(capsys, "build", "--platform", "pico", "--model", "gru").refused(2, "'gru' is not one of auto, tcn32")
