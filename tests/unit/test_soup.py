"""A soup: the mean of float stages that begin with the same weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_training import TINY, TINY_RESIDUAL, config, run_killed, run_of, short, weights
from torch import nn

from wwtool import events
from wwtool.config import TrainConfig
from wwtool.errors import InputError
from wwtool.models import pretrained
from wwtool.models.network import Network
from wwtool.training.checkpoint import NAME, load_checkpoint, save_checkpoint
from wwtool.training.learner import Learner
from wwtool.training.loop import train, train_until
from wwtool.training.pruning import pruned
from wwtool.training.soup import Soup, renew_norms
from wwtool.training.teachers import ensemble
from wwtool.training.teachers.ensemble import Ensemble, _members


def of_two(**optimization: float) -> TrainConfig:
    return short(optimization={"soup": 2, **optimization})


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """A network with whose weights every training of its architecture begins."""
    torch.manual_seed(7)
    network, folder = Network(TINY), tmp_path / "known"
    folder.mkdir()
    pretrained.save_body(network, folder / "tiny.safetensors")
    monkeypatch.setattr(pretrained, "FOLDER", folder)
    pretrained._files.cache_clear()
    yield network
    pretrained._files.cache_clear()


def networks(count: int) -> list[Network]:
    made = []
    for seed in range(count):
        torch.manual_seed(seed)
        made.append(Network(TINY))
    return made


def stages_told(folder: Path, settings: TrainConfig) -> list[str]:
    told: list[str] = []
    train(run_of(folder, settings, listener=lambda e: told.append(e.stage) if isinstance(e, events.Loss) else None))
    return list(dict.fromkeys(told))


def test_a_soup_is_the_mean_of_its_networks() -> None:
    members, soup = networks(3), Soup()
    before = [{name: x.clone() for name, x in member.state_dict().items()} for member in members]
    for member in members:
        soup.add(member)
    assert soup.mean is not None
    for name, x in soup.mean.state_dict().items():
        if x.dtype.is_floating_point:
            torch.testing.assert_close(x, sum(weights[name] for weights in before) / 3)
    for member, weights_before in zip(members, before, strict=True):
        assert all(torch.equal(x, weights_before[name]) for name, x in member.state_dict().items())


def test_a_soup_goes_through_a_checkpoint() -> None:
    members, soup, other = networks(3), Soup(), Soup()
    assert not soup.tensors()
    soup.add(members[0])
    soup.add(members[1])
    other.restore(soup.tensors(), Network(TINY))
    for each in (soup, other):
        each.add(members[2])
    assert soup.mean is not None and other.mean is not None
    mixed = other.mean.state_dict()
    assert all(torch.equal(x, mixed[name]) for name, x in soup.mean.state_dict().items())


@pytest.mark.parametrize("fault", ["count", "none", "many", "missing", "shape"])
def test_the_mean_of_other_networks_is_refused(fault: str) -> None:
    soup = Soup()
    soup.add(Network(TINY))
    tensors = soup.tensors()
    name = next(name for name in tensors if name.startswith("soup.") and tensors[name].ndim > 1)
    if fault == "missing":
        del tensors[name]
    elif fault == "shape":
        tensors[name] = tensors[name][:1]
    else:
        counts = {"count": [1, 1], "none": [0], "many": [1000]}
        tensors["soup_members"] = torch.tensor(counts[fault])
    with pytest.raises((ValueError, RuntimeError), match=r"number of networks|Error\(s\) in loading state_dict"):
        Soup().restore(tensors, Network(TINY))


def test_batch_norms_take_the_statistics_of_what_they_see() -> None:
    network = Network(TINY)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    batches = [torch.randn(16, TINY.receptive_frames, 40) * 5 + 3 for _ in range(4)]
    seen: list[torch.Tensor] = []
    handle = norms[0].register_forward_hook(lambda _, args, __: seen.append(args[0].detach()))
    renew_norms(network, batches)
    handle.remove()
    assert not network.training and norms[0].momentum == nn.BatchNorm2d(1).momentum
    means = torch.stack([x.mean(dim=(0, 2, 3)) for x in seen])
    torch.testing.assert_close(norms[0].running_mean, means.mean(dim=0))


def test_the_mean_sees_windows_before_it_is_quantized(
    known: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wwtool.training import loop

    batches: list[list[torch.Tensor]] = []

    def renewed(network: Network, windows: Iterable[torch.Tensor]) -> None:
        batches.append(list(windows))
        renew_norms(network, batches[-1])

    monkeypatch.setattr(loop, "renew_norms", renewed)
    train(run_of(tmp_path / "one", short()))
    assert batches == []
    train(run_of(tmp_path / "two", of_two()))
    ((first, *others),) = batches
    assert len(first) == of_two().batch and any(not torch.equal(first, other) for other in others)


def test_every_member_is_a_stage_of_the_training(known: Network, tmp_path: Path) -> None:
    assert stages_told(tmp_path / "two", of_two()) == ["float", "float-2", "qat"]
    assert stages_told(tmp_path / "one", short()) == ["float", "qat"]
    assert weights(tmp_path / "two") != weights(tmp_path / "one")


def test_the_stages_of_a_run_are_known_before_it(known: Network, tmp_path: Path) -> None:
    steps = {
        base: [stage.steps for stage in replace(run_of(tmp_path, of_two()), base=base).stages]
        for base in (None, tmp_path)
    }
    assert steps == {None: [8, 8, 4], tmp_path: [of_two().adapt.steps]}


def test_weights_that_are_drawn_make_no_soup(known: Network, tmp_path: Path) -> None:
    settings = of_two().model_copy(update={"pretrained": False})
    assert stages_told(tmp_path / "drawn", settings) == ["float", "qat"]
    told: list[str] = []
    listener: events.Listener = lambda e: told.append(e.stage) if isinstance(e, events.Loss) else None  # noqa: E731
    train(run_of(tmp_path / "other", of_two(), architecture=TINY_RESIDUAL, listener=listener))
    assert "float-2" not in told


def test_members_begin_alike_and_see_other_windows(
    known: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wwtool.training import loop

    first: dict[str, tuple[list[torch.Tensor], torch.Tensor]] = {}
    steps = loop._Trainer._step

    def step(self: object, learner: Learner, number: int, ahead: object, following: bool) -> None:
        if number == 0 and isinstance(learner.model, Network):
            assert self.mined is None  # type: ignore[attr-defined]
            lesson = ahead.take(0, False)  # type: ignore[attr-defined]
            first[learner.stage.name] = [x.detach().clone() for x in learner.model.parameters()], lesson[0].features
            ahead.take = lambda *_: lesson  # type: ignore[attr-defined]
        steps(self, learner, number, ahead, following)  # type: ignore[arg-type]
        if number == 0 and isinstance(learner.model, Network):
            del ahead.take  # type: ignore[attr-defined]

    monkeypatch.setattr(loop._Trainer, "_step", step)
    train(run_of(tmp_path / "run", of_two()))
    assert first.keys() == {"float", "float-2"}
    assert all(torch.equal(a, b) for a, b in zip(first["float"][0], first["float-2"][0], strict=True))
    assert not torch.equal(first["float"][1], first["float-2"][1])


@pytest.mark.parametrize(("stage", "after"), [("float", 7), ("float-2", 0), ("float-2", 3), ("qat", 0), ("qat", 2)])
def test_a_killed_soup_ends_as_if_it_had_not_been(known: Network, tmp_path: Path, stage: str, after: int) -> None:
    settings = of_two().model_copy(update={"checkpoint_steps": 2})
    train(run_of(tmp_path / "whole", settings))
    run_killed(tmp_path / "killed", stage, after, settings)
    train(run_of(tmp_path / "killed", settings))
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")


def test_a_search_trains_the_first_member_only(known: Network, tmp_path: Path) -> None:
    settings = of_two()
    train_until(run_of(tmp_path / "searched", settings), settings.steps)
    train(run_of(tmp_path / "searched", settings))
    train(run_of(tmp_path / "whole", settings))
    assert weights(tmp_path / "searched") == weights(tmp_path / "whole")


def test_a_search_that_begins_again_forgets_the_members(known: Network, tmp_path: Path) -> None:
    settings = of_two().model_copy(update={"checkpoint_steps": 2})
    run_killed(tmp_path / "searched", "float-2", 3, settings)
    train_until(run_of(tmp_path / "searched", settings), 4)
    train(run_of(tmp_path / "searched", settings))
    train(run_of(tmp_path / "whole", settings))
    assert weights(tmp_path / "searched") == weights(tmp_path / "whole")


@pytest.mark.parametrize("count", [99, 2, None])
def test_a_damaged_soup_in_a_checkpoint(known: Network, tmp_path: Path, count: int | None) -> None:
    settings = of_two().model_copy(update={"checkpoint_steps": 2})
    run_killed(tmp_path / "run", "float-2", 3, settings)
    found = load_checkpoint(tmp_path / "run")
    assert found is not None
    state, tensors = found
    del tensors["soup_members"]
    changed = {} if count is None else {"soup_members": torch.tensor(count)}
    save_checkpoint(tmp_path / "run", state, tensors | changed)
    with pytest.raises(InputError, match=NAME):
        train(run_of(tmp_path / "run", settings))


def test_a_pruned_soup_has_the_channels_that_were_asked_for(known: Network, tmp_path: Path) -> None:
    settings = of_two(prune=0.5, prune_at=0.9).model_copy(update={"learning_rate": 0.5})  # members prune others
    net = train(run_of(tmp_path / "run", settings))
    assert [int(gone.sum()) for gone in pruned(net)] == [len(gone) // 2 for gone in pruned(net)]


@pytest.mark.parametrize(
    ("settings", "trainings", "soup"),
    [({"average": "weights"}, 1, 3), ({}, 3, 1), ({"average": "weights", "model": "tcn32"}, 3, 1)],
)
def test_an_ensemble_is_a_soup_or_its_members(
    tmp_path: Path, settings: dict[str, str], trainings: int, soup: int
) -> None:
    made = _members(run_of(tmp_path, short(teacher={"members": 3, **settings}, optimization={"soup": 2})))
    assert [member.config.optimization.soup for member in made] == [soup] * trainings
    assert len({member.folder for member in made}) == len({member.config.seed for member in made}) == trainings


def test_the_mean_of_an_ensemble_teaches(known: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensemble, "architecture_of", lambda *_: TINY)
    monkeypatch.setattr(ensemble, "_MOST_STEPS", 8)
    run = run_of(tmp_path, short(teacher={"members": 2, "average": "weights"}))
    Ensemble().teach(run)
    (mean,) = Ensemble().listeners(run)
    first = run_of(tmp_path / "first", short(teacher={"members": 1, "average": "weights"}))
    Ensemble().teach(first)
    (alone,) = Ensemble().listeners(first)
    assert any(not torch.equal(a, b) for a, b in zip(mean.parameters(), alone.parameters(), strict=True))
    assert [path.parent.name for path in Ensemble().weights(run)] == ["tcn128-0"]


def test_a_soup_has_members() -> None:
    for count in (0, 33):
        with pytest.raises(InputError, match=r"optimization\.soup"):
            config(optimization={"soup": count})
