"""What is trained on, and how."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from wwtool.config.section import Fraction, Section


class PoolWeights(Section):
    """How often a training window comes from each pool; only the ratios matter, among positives and among negatives."""

    cut: float = Field(
        0.25, ge=0.0, le=1000.0, description="Recordings of the phrase, cut out and laid on new backgrounds."
    )
    native: float = Field(0.40, ge=0.0, le=1000.0, description="Recordings of the phrase with their own background.")
    synthetic: float = Field(0.35, ge=0.0, le=1000.0, description="The phrase by synthetic voices.")
    sentences: float = Field(0.30, ge=0.0, le=1000.0, description="Sentences by synthetic voices.")
    near: float = Field(0.20, ge=0.0, le=1000.0, description="Words that sound like the phrase, by synthetic voices.")
    speech: float = Field(0.10, ge=0.0, le=1000.0, description="Recordings of speech.")
    words: float = Field(0.08, ge=0.0, le=1000.0, description="Recordings of other words.")
    sentences_clean: float = Field(0.09, ge=0.0, le=1000.0, description="Sentences with hardly any background.")
    speech_clean: float = Field(0.05, ge=0.0, le=1000.0, description="Recordings of speech with hardly any background.")
    words_clean: float = Field(0.05, ge=0.0, le=1000.0, description="Recordings of other words, hardly any background.")
    noise: float = Field(0.09, ge=0.0, le=1000.0, description="Backgrounds without speech.")


class PoolConfig(Section):
    """How much augmented audio is turned into features before training."""

    positives: int = Field(
        6000,
        ge=50,
        le=500_000,
        description="Clips of the phrase; with recordings, half of them synthetic, half cut out.",
    )
    native_positives: int = Field(
        3500, ge=0, le=500_000, description="Clips made of recordings of the phrase with their own background."
    )
    sentence_hours: float = Field(3.2, ge=0.05, le=200.0, description="Hours of synthetic sentences.")
    clean_sentence_hours: float = Field(
        1.2, ge=0.0, le=200.0, description="Hours of synthetic sentences with hardly any background."
    )
    near_miss_hours: float = Field(1.2, ge=0.02, le=200.0, description="Hours of words that sound like the phrase.")
    speech_hours: float = Field(
        0.8, ge=0.0, le=200.0, description="Hours of recorded speech, and as many of recordings of other words."
    )
    clean_speech_hours: float = Field(0.8, ge=0.0, le=200.0, description="The same with hardly any background.")
    noise_hours: float = Field(0.8, ge=0.02, le=200.0, description="Hours of backgrounds without speech.")
    weights: PoolWeights = Field(PoolWeights(), description="How often a training window comes from each pool.")


class TrainConfig(Section):
    """The training: a float stage, then a stage in which the network is quantized as the device has it."""

    objective: str = Field("cross_entropy", description="What training makes small.")
    optimizer: str = Field("adamw", description="How weights follow their gradients.")
    schedule: str = Field("one_cycle", description="How the learning rate changes during a stage.")
    averaging: str = Field("ema", description="How weights are averaged over steps; the average is what is kept.")
    mining: str = Field("highest_scores", description="Which negatives are kept as hard ones at the steps of mine_at.")

    steps: int = Field(
        2500, ge=20, le=10_000_000, description="Steps of the float stage; more hear better, up to a point."
    )
    qat_steps: int = Field(600, ge=10, le=10_000_000, description="Steps of the quantized stage.")
    batch: int = Field(160, ge=8, le=65536, description="Windows a step; more are steadier and slower.")
    learning_rate: float = Field(3e-3, gt=0.0, le=1.0, description="Highest learning rate of the float stage.")
    qat_learning_rate: float = Field(4e-4, gt=0.0, le=1.0, description="Highest learning rate of the quantized stage.")
    warmup: Fraction = Field(0.1, description="Share of the float stage's steps in which the learning rate rises.")
    qat_warmup: Fraction = Field(0.05, description="Share of the quantized stage's steps in which it rises.")
    weight_decay: float = Field(
        1e-4, ge=0.0, le=1.0, description="Decay of weights a step, by the learning rate; not of biases."
    )
    clip_norm: float = Field(
        2.0,
        gt=0.0,
        le=1e6,
        description="Longer gradients are shortened to this norm; lower steadies a training that jumps.",
    )
    ema: float = Field(0.998, ge=0.0, lt=1.0, description="Share of the average that a step of `ema` keeps.")
    ema_warmup_steps: int = Field(
        20,
        ge=1,
        le=1_000_000,
        description="Steps after which `ema` keeps half of the average; before, it follows faster.",
    )

    positive_fraction: Fraction = Field(0.4, description="Share of windows that hold the phrase.")
    window_end_frames: tuple[int, int] = Field(
        (-2, 16),
        description="Where a window of the phrase ends, in frames of 10 ms after the phrase does: [low, high].",
    )
    partial_words: Fraction = Field(0.06, description="Share of negatives that end within the phrase.")
    partial_word_end: Fraction = Field(0.6, description="Share of the phrase that such a negative holds at most.")
    mine_at: tuple[Fraction, ...] = Field(
        (0.4, 0.65), description="Parts of the float stage after which negatives are mined."
    )
    mined_fraction: Fraction = Field(0.25, description="Share of negatives that are mined ones, once there are any.")
    mined_share: Fraction = Field(0.004, description="Share of a pool's windows that mining keeps at most.")
    mined_least: int = Field(20, ge=1, le=1_000_000, description="Windows of a pool that mining may always keep.")
    mined_probability: float = Field(
        0.02, gt=0.0, lt=1.0, description="Probability below which a window is not mined: it has nothing to teach."
    )

    calibration_windows: int = Field(
        1024, ge=8, le=65536, description="Windows from which the quantized stage takes its first ranges."
    )
    unseen_margin: float = Field(
        1.0, ge=0.0, le=8.0,
        description="Logits by which speech never trained on may score higher; moves where 8-bit outputs are finest.",
    )  # fmt: skip
    checkpoint_steps: int = Field(250, ge=1, description="Steps between checkpoints, from which a training goes on.")
    seed: int = Field(0, ge=0, description="Makes a training repeatable; another seed gives another model.")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="What computes; auto takes CUDA where there is one."
    )
    threads: int = Field(
        2, ge=1, le=64,
        description="CPU threads; another number gives another model, and more are no faster on networks this small.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _ordered(self) -> TrainConfig:
        low, high = self.window_end_frames
        if not -1000 <= low <= high <= 1000:
            raise ValueError("window_end_frames must be [low, high] with low <= high, within -1000 and 1000")
        return self
