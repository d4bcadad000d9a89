"""What is trained on, and how."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from wwtool.config.adapt import AdaptConfig
from wwtool.config.loss import LossConfig
from wwtool.config.optimization import OptimizationConfig
from wwtool.config.quantization import QuantizationConfig
from wwtool.config.sampling import SamplingConfig
from wwtool.config.section import Fraction, Section
from wwtool.config.selection import SelectionConfig
from wwtool.config.teacher import TeacherConfig


class PoolWeights(Section):
    """How often a training window comes from each pool; only the ratios matter, among positives and among negatives."""

    cut: float = Field(
        0.25, ge=0.0, le=1000.0, description="Recordings of the phrase, cut out and laid on new backgrounds."
    )
    native: float = Field(0.40, ge=0.0, le=1000.0, description="Recordings of the phrase with their own background.")
    synthetic: float = Field(0.35, ge=0.0, le=1000.0, description="The phrase by synthetic voices.")
    natural: float = Field(0.70, ge=0.0, le=1000.0, description="The phrase by natural voices.")
    sentences: float = Field(0.30, ge=0.0, le=1000.0, description="Sentences by synthetic voices.")
    near: float = Field(0.20, ge=0.0, le=1000.0, description="Words that sound like the phrase, by synthetic voices.")
    sentences_natural: float = Field(0.15, ge=0.0, le=1000.0, description="Sentences by natural voices.")
    near_natural: float = Field(
        0.12, ge=0.0, le=1000.0, description="Words that sound like the phrase, by natural voices."
    )
    words_natural: float = Field(0.12, ge=0.0, le=1000.0, description="Single words by natural voices.")
    speech: float = Field(0.10, ge=0.0, le=1000.0, description="Recordings of speech.")
    words: float = Field(0.08, ge=0.0, le=1000.0, description="Recordings of other words.")
    sentences_clean: float = Field(0.09, ge=0.0, le=1000.0, description="Sentences with hardly any background.")
    speech_clean: float = Field(0.05, ge=0.0, le=1000.0, description="Recordings of speech with hardly any background.")
    words_clean: float = Field(
        0.05, ge=0.0, le=1000.0, description="Recordings of other words with hardly any background."
    )
    noise: float = Field(0.09, ge=0.0, le=1000.0, description="Backgrounds without speech.")
    features: float = Field(0.50, ge=0.0, le=1000.0, description="Ready-made features, of all folders together.")


class PoolConfig(Section):
    """How much augmented audio is turned into features before training."""

    positives: int = Field(
        6000,
        ge=50,
        le=500_000,
        description="Clips of the phrase. If there are recordings, half of the clips are synthetic voices.",
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
    clean_speech_hours: float = Field(
        0.8,
        ge=0.0,
        le=200.0,
        description="Hours of recorded speech with hardly any background, and as many of other words.",
    )
    natural_positives: int = Field(4000, ge=0, le=500_000, description="Clips of the phrase by natural voices.")
    natural_near_miss_hours: float = Field(
        0.6, ge=0.0, le=200.0, description="Hours of words that sound like the phrase, by natural voices."
    )
    natural_sentence_hours: float = Field(1.0, ge=0.0, le=200.0, description="Hours of sentences by natural voices.")
    natural_word_hours: float = Field(0.6, ge=0.0, le=200.0, description="Hours of single words by natural voices.")
    noise_hours: float = Field(0.8, ge=0.02, le=200.0, description="Hours of backgrounds without speech.")
    unlabelled_hours: float = Field(
        0.8, ge=0.0, le=200.0, description="Hours of recordings without a label. Only a teacher can make use of them."
    )
    features: tuple[str, ...] = Field(
        (),
        max_length=64,
        description="Ready-made features to train against, in which nobody says the phrase: names of data sets that "
        "`wwtool data get` has brought, or folders in the layout of microWakeWord's.",
    )
    features_hours: float = Field(
        10.0, gt=0.0, le=200.0, description="Hours drawn from each folder of ready-made features."
    )
    weights: PoolWeights = Field(PoolWeights(), description="How often a training window comes from each pool.")


class TrainConfig(Section):
    """The training: a float stage, then a stage in which the network is quantized as the device has it."""

    objective: str = Field(
        "distillation", description="What training makes small. Without a teacher, `distillation` is `cross_entropy`."
    )
    optimizer: str = Field("adamw", description="How weights follow their gradients.")
    schedule: str = Field("one_cycle", description="How the learning rate changes during a stage.")
    averaging: str = Field(
        "ema", description="How weights are averaged over steps. The averaged weights become the model."
    )
    mining: str = Field("highest_scores", description="How hard negatives are chosen at the steps of `mine_at`.")

    pretrained: bool = Field(
        True,
        description="Whether training begins with weights that have heard many hours of speech, where wwtool has some "
        "for the model. Otherwise all weights are drawn.",
    )
    steps: int = Field(
        4500,
        ge=20,
        le=10_000_000,
        description="Steps of the float stage. More steps take longer and detect more, up to a point.",
    )
    qat_steps: int = Field(
        900,
        ge=10,
        le=10_000_000,
        description="Steps of the stage that trains the quantized network. Too few lose recall to 8 bits.",
    )
    batch: int = Field(160, ge=8, le=65536, description="Windows in a step. More make each step steadier and slower.")
    learning_rate: float = Field(
        3e-3,
        gt=0.0,
        le=1.0,
        description="Highest learning rate of the float stage. Too high a rate makes the loss jump.",
    )
    qat_learning_rate: float = Field(4e-4, gt=0.0, le=1.0, description="Highest learning rate of the quantized stage.")
    warmup: Fraction = Field(0.1, description="Share of the float stage's steps in which the learning rate rises.")
    qat_warmup: Fraction = Field(
        0.05, description="Share of the quantized stage's steps in which the learning rate rises."
    )
    weight_decay: float = Field(
        1e-4,
        ge=0.0,
        le=1.0,
        description="Share of each weight that a step removes, times the learning rate. Biases do not decay.",
    )
    clip_norm: float = Field(
        2.0,
        gt=0.0,
        le=1e6,
        description="Longest gradient, as a norm. Longer ones are shortened. A lower limit steadies a loss that jumps.",
    )
    ema: float = Field(
        0.998,
        ge=0.0,
        lt=1.0,
        description="Share of the average that a step of `ema` keeps. A larger share averages over more steps.",
    )
    ema_warmup_steps: int = Field(
        20,
        ge=1,
        le=1_000_000,
        description="Steps until `ema` keeps half of the average. Earlier it keeps less, later more.",
    )

    positive_fraction: Fraction = Field(
        0.4,
        description="Share of the windows of a batch that hold the phrase. A larger share detects more and errs more.",
    )
    window_end_frames: tuple[int, int] = Field(
        (-2, 16),
        description="Where a window of the phrase ends, in frames of the front end after the phrase: [low, high].",
    )
    partial_words: Fraction = Field(
        0.06, description="Share of the negatives that end within the phrase. They teach the model to wait for its end."
    )
    partial_word_end: Fraction = Field(0.6, description="Share of the phrase that such a negative holds at most.")
    mine_at: tuple[Fraction, ...] = Field(
        (0.4, 0.65), description="When hard negatives are mined, as shares of the float stage."
    )
    mined_fraction: Fraction = Field(
        0.25, description="Share of the negatives of a batch that are mined, once there are any."
    )
    mined_share: Fraction = Field(
        0.004, description="Share of the windows of each pool that mining keeps. A larger share keeps easier ones, too."
    )
    mined_least: int = Field(
        20, ge=1, le=1_000_000, description="Windows that mining keeps of a pool, even if `mined_share` is fewer."
    )
    mined_probability: float = Field(
        0.02,
        gt=0.0,
        lt=1.0,
        description="Lowest probability of a mined window. The model already rejects windows below it.",
    )

    calibration_windows: int = Field(
        1024, ge=8, le=65536, description="Windows from which the quantized stage takes its first ranges."
    )
    unseen_margin: float = Field(
        1.0, ge=-32.0, le=8.0,
        description="Logits by which new speech may score higher than training speech. 8-bit outputs are finest there, "
        "or near 0.5 if that is higher.",
    )  # fmt: skip
    checkpoint_steps: int = Field(
        250, ge=1, description="Steps between checkpoints. An interrupted training goes on from the last one."
    )
    seed: int = Field(
        0, ge=0, description="Seed of all random numbers of a training. Another seed gives another model."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="What computes. `auto` is CUDA where there is one."
    )
    execution: str = Field(
        "graphs",
        description="How a step's operators are run: `graphs` records them once for a GPU, `compiled` compiles them, "
        "`plain` starts one after the other, as `graphs` does on a CPU.",
    )
    precision: Literal["float32", "bfloat16", "float16"] = Field(
        "float32",
        description="The numbers that the float stage computes with. Half as many bits are faster on GPUs where "
        "networks are large.",
    )
    threads: int = Field(
        1, ge=1, le=64,
        description="CPU threads of the network; as many prepare the next windows meanwhile. Another number gives "
        "another model. Networks as small as a microcontroller's are as fast on one as on two.",
    )  # fmt: skip

    trackers: tuple[str, ...] = Field(
        ("tensorboard",), max_length=8,
        description="Tools that keep the curves of a training: `tensorboard` in its folder, `wandb`, `mlflow`.",
    )  # fmt: skip
    loss: LossConfig = Field(LossConfig(), description="What the objectives measure.")
    optimization: OptimizationConfig = Field(
        OptimizationConfig(), description="How steps change the weights, beyond the keys above."
    )
    quantization: QuantizationConfig = Field(
        QuantizationConfig(), description="How the network becomes one of 8 bits, and what that may cost."
    )
    sampling: SamplingConfig = Field(
        SamplingConfig(), description="What the windows of a batch are, beyond the weights of the pools."
    )
    selection: SelectionConfig = Field(
        SelectionConfig(), description="How models are judged while they train, and which of them is kept."
    )
    adapt: AdaptConfig = Field(AdaptConfig(), description="How a model is adapted to few recordings.")
    teacher: TeacherConfig = Field(TeacherConfig(), description="Who teaches the model, and how much it listens.")

    @model_validator(mode="after")
    def _ordered(self) -> TrainConfig:
        low, high = self.window_end_frames
        if not -1000 <= low <= high <= 1000:
            raise ValueError("window_end_frames must be [low, high] with low <= high, within -1000 and 1000")
        return self
