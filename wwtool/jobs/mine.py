"""Mine: what a model takes for the phrase in hours of audio becomes clips to train against."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.base.text import printable
from wwtool.data.audio_files import find_audio
from wwtool.errors import InputError
from wwtool.evaluation.calibration import listen
from wwtool.evaluation.streaming import StreamingModel
from wwtool.jobs.request import Request, reported
from wwtool.pipeline.evaluation import find_subject
from wwtool.pipeline.mining import highest_places, write_clips
from wwtool.tflite.reader import read_model

_LABEL = "hard_negative"
_WINDOW = 5  # outputs whose mean is the score, where the detector is not known
_WARMUP_S = 1.0


class MineRequest(Request):
    """What to search, and for how much."""

    subject: Path = Field(description="A .tflite, a finished run or a build folder.")
    audio: Path = Field(description="A folder with hours of audio in which nobody says the phrase.")
    out: Path = Field(description="The data folder that gets the clips, in its folder hard_negative.")
    most: int = Field(200, ge=1, le=100_000, description="Clips at most, those with the highest scores.")
    least: float = Field(0.1, ge=0.0, le=1.0, description="Lowest score of a clip, 0 to 1.")


@dataclass(frozen=True)
class MinePlan:
    """A model, the files that it hears, and the averaging window of its detector."""

    request: MineRequest
    model: Path
    files: tuple[Path, ...]
    window: int


@dataclass(frozen=True)
class MinedClip:
    """A clip that was written: where it is from, at which second, and its score, 0 to 1."""

    path: str
    source: str
    seconds: float
    score: float


@dataclass(frozen=True)
class MineOutput:
    """``data mine --json``."""

    hours: float
    clips: list[MinedClip]


def plan(request: MineRequest, listener: events.Listener = events.ignore) -> MinePlan:
    """Checks a request; changes nothing.

    Raises:
        InputError: there is no model, or no audio.
    """
    subject = find_subject(request.subject)
    read_model(subject.model)
    found = find_audio(request.audio) if request.audio.is_dir() else []
    for entry in found:
        if entry.problem is not None:
            listener(events.Warning(f"left out {printable(str(entry.path))}: {entry.problem}"))
    files = tuple(entry.path for entry in found if entry.problem is None)
    if not files:
        raise InputError(f"{request.audio} holds no audio; give a folder with recordings")
    window = subject.detector.average_window if subject.detector else _WINDOW
    return MinePlan(request, subject.model, files, window)


def run(plan: MinePlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None) -> MineOutput:
    """Hears all files and writes the clips.

    Raises:
        InputError: a file cannot be read.
        CancelledError: somebody has cancelled.
    """
    request, cancel = plan.request, cancel or Cancellation()

    def advance(done: int, total: int) -> None:
        listener(events.StageProgress("mine", done, total, "recordings"))

    with reported("mine", request.subject.name, listener), closing(StreamingModel(plan.model.read_bytes())) as model:
        warmup = round(_WARMUP_S * 1000 / (model.stride * model.front_end.geometry.hop_ms))
        track = listen(model, plan.files, warmup, advance, cancel)
        places = highest_places(track, plan.window, request.most, request.least)
        written = write_clips(request.out / _LABEL, plan.files, places)
    clips = [
        MinedClip(
            printable(str(path)), printable(str(plan.files[place.file])), place.seconds, round(place.score, 4)
        )
        for path, place in written
    ]  # fmt: skip
    return MineOutput(round(track.hours, 4), clips)
