"""Recordings of few people: what is left out, what is told, and which split they are in."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest

from wwtool.config import Config, SplitConfig
from wwtool.data import split as splitting
from wwtool.data.audio import Audio, write_audio
from wwtool.data.clip_check import ClipCheck, Opinion
from wwtool.data.dataset import Dataset
from wwtool.data.espeak import say
from wwtool.data.recognizers.interface import SpokenPhrase
from wwtool.data.split import split_folder
from wwtool.data.store import ClipStore, write_store
from wwtool.errors import InputError
from wwtool.events import Warning
from wwtool.pipeline import phrase_check
from wwtool.pipeline.phrase_check import check_recordings, check_store
from wwtool.pipeline.preparation import NEVER_THE_PHRASE, ONE_VOICE, RunPlan, _recordings, _without_few
from wwtool.pipeline.stages import Stages

PHRASE = SpokenPhrase("computer", "en-us", (("k",),))


def recordings(folder: Path, count: int, speakers: Sequence[str] = ("anna",)) -> Path:
    """A data folder in which every recording sounds different."""
    for i in range(count):
        speaker = speakers[i % len(speakers)]
        audio = say("computer", words_per_minute=130 + 5 * i, pitch=20 + i)
        write_audio(folder / "positive" / speaker / f"{i:02}.wav", np.pad(audio, 4000))
        write_audio(folder / "negative" / speaker / f"{i:02}.wav", say(f"number {i} is another word"))
    return folder


class _Check(ClipCheck):
    """Thinks of clips what a list says."""

    said: list[Opinion]

    def opinions(self, clips, advance=lambda done, total: None):  # type: ignore[no-untyped-def]
        advance(0, len(clips))
        return self.said[: len(clips)]


def check(*said: Opinion) -> _Check:
    made = _Check(("pocketsphinx",), PHRASE)
    object.__setattr__(made, "said", list(said))
    return made


def quiet(done: int, total: int, what: str) -> None:
    pass


def test_few_recordings_are_all_for_training_with_their_speakers(tmp_path: Path) -> None:
    dataset = split_folder(recordings(tmp_path, 20, ("anna", "ben", "cleo", "dan")), few=20)
    assert {clip.split for clip in dataset.clips} == {"train"}
    assert dataset.voices == 4


def test_more_recordings_are_split_by_speaker(tmp_path: Path) -> None:
    dataset = split_folder(recordings(tmp_path, 20, ("anna", "ben", "cleo", "dan")), 0.25, 0.25, few=19)
    assert {clip.split for clip in dataset.select("positive")} == {"train", "dev", "test"}


def test_a_stated_split_stays(tmp_path: Path) -> None:
    folder = recordings(tmp_path, 6)
    rows = ["path,label,split"]
    rows += [f"positive/anna/{i:02}.wav,positive,{'dev' if i > 3 else 'train'}" for i in range(6)]
    (folder / "index.csv").write_text("\n".join(rows))
    dataset = split_folder(folder, few=20)
    assert [clip.split for clip in dataset.clips] == ["train"] * 4 + ["dev"] * 2


def test_five_recordings_are_enough_and_four_are_not(tmp_path: Path) -> None:
    assert len(split_folder(recordings(tmp_path / "five", 5), few=40).select("positive")) == 5
    with pytest.raises(InputError, match=r"4 usable recordings of the phrase, .* needs at least 5.*add some"):
        split_folder(recordings(tmp_path / "four", 4), few=40)


def unnamed(folder: Path, count: int) -> Path:
    for path in sorted(recordings(folder, count).glob("positive/anna/*")):
        path.rename(folder / "positive" / path.name)
    return folder


def hear(monkeypatch: pytest.MonkeyPatch, voices: list[int] | None) -> None:
    monkeypatch.setattr(splitting, "voices_of", lambda clips: voices and voices[: len(clips)])


def test_recordings_without_a_name_are_split_by_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hear(monkeypatch, [0, 1, 2, 3] * 5)
    dataset = split_folder(unnamed(tmp_path, 20), 0.25, 0.25)
    splits: list[set[str]] = [set(), set(), set(), set()]
    for i, clip in enumerate(dataset.select("positive")):
        splits[i % 4].add(clip.split)
    assert [len(split) for split in splits] == [1, 1, 1, 1]
    assert dataset.voices == 4


def test_two_voices_cannot_be_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hear(monkeypatch, [0, 1] * 10)
    dataset = split_folder(unnamed(tmp_path, 20), 0.25, 0.25)
    assert {clip.split for clip in dataset.select("positive")} == {"train", "dev", "test"}
    assert dataset.voices == 2


def test_without_an_encoder_nobody_counts_voices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hear(monkeypatch, None)
    assert split_folder(unnamed(tmp_path, 12)).voices is None


def test_several_words_in_one_clip_are_told(tmp_path: Path) -> None:
    folder = recordings(tmp_path, 6)
    one = say("computer")
    write_audio(folder / "positive/anna/many.wav", np.concatenate([np.pad(one, 8000)] * 3))
    (note,) = split_folder(folder, few=40).doubtful
    assert note["path"] == "positive/anna/many.wav"
    assert "seems to hold 3 utterances" in note["reason"]


def some(folder: Path) -> Dataset:
    return split_folder(recordings(folder, 7), few=40)


def test_recordings_of_something_else_are_named_and_left_out(tmp_path: Path) -> None:
    said = check(*[Opinion.PHRASE] * 5, Opinion.DOUBTFUL, Opinion.SOMETHING_ELSE)
    dataset = check_recordings(some(tmp_path), said, False, quiet)
    assert [clip.path[-6:] for clip in dataset.select("positive")] == [f"{i:02}.wav" for i in range(6)]
    assert [note["path"] for note in dataset.doubtful] == ["positive/anna/05.wav"]
    assert [note["reason"] for note in dataset.skipped] == [
        "to PocketSphinx, positive/anna/06.wav does not say 'computer', so it is left out; "
        "if it does, keep it with --keep-doubtful"
    ]


def test_they_are_kept_if_asked_for_but_named(tmp_path: Path) -> None:
    said = check(*[Opinion.SOMETHING_ELSE] * 7)
    dataset = check_recordings(some(tmp_path), said, True, quiet)
    assert len(dataset.select("positive")) == len(dataset.doubtful) == 7
    assert not dataset.skipped


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    said = check(*[Opinion.PHRASE] * 4, *[Opinion.SOMETHING_ELSE] * 3)
    with pytest.raises(
        InputError, match=r"to PocketSphinx, only 4 of 7 .* 5 are needed \(positive/anna/04.wav, .*--keep-doubtful"
    ):
        check_recordings(some(tmp_path), said, False, quiet)


def test_recordings_of_one_person_are_told(tmp_path: Path) -> None:
    told: list[str] = []
    stages = Stages(tmp_path / "run", lambda event: told.append(event.text) if isinstance(event, Warning) else None)
    plan = RunPlan("computer", Config(), recordings(tmp_path / "data", 6), synthesise=True)
    for _ in range(2):  # also where the stage is done already
        assert _recordings(stages, plan, None) is not None
    assert told == [ONE_VOICE, ONE_VOICE]


@pytest.mark.parametrize("label", ["negative", "hard_negative", "noise"])
def test_recordings_in_which_nobody_says_the_phrase_are_told(label: str, tmp_path: Path) -> None:
    """Noise alone says nothing of people."""
    told: list[str] = []
    stages = Stages(tmp_path / "run", lambda event: told.append(event.text) if isinstance(event, Warning) else None)
    data = recordings(tmp_path / "data", 3)
    shutil.rmtree(data / "positive")
    (data / "negative").rename(data / label)
    assert _recordings(stages, RunPlan("computer", Config(), data, synthesise=True), None) is not None
    assert told == ([] if label == "noise" else [NEVER_THE_PHRASE])


def test_few_recordings_do_not_change_what_is_trained_before(tmp_path: Path) -> None:
    dataset = some(tmp_path / "data")
    base, few = _without_few(dataset, RunPlan("computer", Config(), tmp_path, synthesise=True))
    assert base is not None
    assert few is not None
    assert [clip.label for clip in base.clips] == ["negative"] * 7
    assert few.clips == dataset.select("positive")
    for config, synthesise in ((Config(split=SplitConfig(few=6)), True), (Config(), False)):
        assert _without_few(dataset, RunPlan("computer", config, tmp_path, synthesise)) == (dataset, None)


def test_few_recordings_of_the_phrase_alone_leave_the_data_of_a_build_without_any(tmp_path: Path) -> None:
    """Else what a build without recordings has trained would be trained again."""
    rmtree(recordings(tmp_path, 6) / "negative")
    base, few = _without_few(split_folder(tmp_path, few=20), RunPlan("computer", Config(), tmp_path, synthesise=True))
    assert base is None
    assert few is not None and len(few.clips) == 6


def clips(count: int) -> list[Audio]:
    return [np.full(160 + i, i, np.int16) for i in range(count)]


def test_natural_clips_of_something_else_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrase_check, "count_voices", lambda clips: 3)
    write_store(tmp_path / "a", clips(4))
    said = check(Opinion.PHRASE, Opinion.SOMETHING_ELSE, Opinion.DOUBTFUL, Opinion.PHRASE)
    facts = check_store(tmp_path / "a", said, quiet)
    assert [int(clip[0]) for clip in ClipStore(tmp_path / "a")] == [0, 2, 3]
    assert (facts["checked"], facts["left_out"], facts["clips"], facts["distinct_voices"]) == (4, 1, 3, 3)


def test_without_recognizer_and_encoder_a_store_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrase_check, "count_voices", lambda clips: None)
    write_store(tmp_path / "a", clips(4))
    assert check_store(tmp_path / "a", None, quiet) == {}
    assert len(ClipStore(tmp_path / "a")) == 4
