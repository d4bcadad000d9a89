"""A teacher of the model that is trained: something larger that has heard more."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from wwtool.config.optimization import MOST_SOUP
from wwtool.config.section import Fraction, Section


class TeacherConfig(Section):
    """Who teaches, and how much the model listens. Objectives that know no teacher take no notice of it."""

    name: str = Field(
        "ensemble",
        description="Who teaches: `none`, `auto` for the best that is installed, or a teacher's name.",
    )
    weight: Fraction = Field(
        1.0, description="Share of what the teacher says in the loss; the labels have the rest. With 0 it is ignored."
    )
    temperature: float = Field(
        1.0, gt=0.0, le=100.0,
        description="Divides the logits before they are compared. A higher one tells more of how sure the teacher is.",
    )  # fmt: skip
    feature_weight: float = Field(
        0.3, ge=0.0, le=100.0,
        description="Weight of the distance between the model's last hidden layer and the embedding, where the "
        "objective is `feature_matching`.",
    )  # fmt: skip
    unlabelled: Fraction = Field(
        0.1, description="Share of the windows of a batch that come from recordings without a label, if there are any."
    )
    certainty: float = Field(
        0.95, gt=0.5, lt=1.0, description="How sure the teacher must be of a window without a label, as a probability."
    )
    steps: int | None = Field(
        None, ge=10, le=1_000_000,
        description="Steps in which each member of the teacher learns the phrase. `null`: as many as the model, but no "
        "more than 2500, and 1500 for heads.",
    )  # fmt: skip
    members: int = Field(
        2, ge=1, le=MOST_SOUP,
        description="Networks that learn the phrase: heads on an embedding, or models of the teacher `ensemble`, which "
        "are trained like the model itself.",
    )  # fmt: skip
    average: Literal["weights", "logits"] = Field(
        "logits",
        description="What of an ensemble's members is averaged. With `weights`, one network teaches, the mean of all "
        "(`train.optimization.soup`). Where their first weights are drawn, it is `logits`, as always that of heads.",
    )  # fmt: skip
    runs: tuple[str, ...] = Field(
        (), max_length=16,
        description="Folders of finished runs or builds that teach together, where the teacher is `runs`.",
    )  # fmt: skip
    path: str | None = Field(
        None, min_length=1, max_length=4096,
        description="Folder of a speech encoder (wav2vec 2.0, HuBERT, WavLM or Whisper) as Hugging Face keeps it, with "
        "`config.json`, `preprocessor_config.json` and weights as safetensors, where the teacher is `hugging_face`.",
    )  # fmt: skip
    layer: int | None = Field(
        None, ge=0, le=1000,
        description="Layer of the speech encoder whose hidden states are taken, where the teacher is `hugging_face`. "
        "`0`: what enters the first one; `null`: the last one.",
    )  # fmt: skip
    model: str = Field(
        "tcn128",
        description="Model of which the `ensemble` is made. A larger one than what it teaches has more to tell.",
    )
