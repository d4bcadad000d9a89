"""How training audio and spectrograms are varied.

Each list names transforms in the order in which they run. A transform that a list leaves out is off; one that it names
twice runs twice. Ranges are [low, high]; a value is drawn from them evenly for every clip. Chances are probabilities.
"""

from __future__ import annotations

from pydantic import Field

from wwtool.config.section import (
    DecibelRange,
    FactorRange,
    Fraction,
    FractionRange,
    HertzRange,
    SecondsRange,
    Section,
)


class SpectrogramConfig(Section):
    """Transforms of the windows of a training batch, drawn anew at every step."""

    order: tuple[str, ...] = Field(
        ("warp", "gain_drift", "channel_mask", "frame_mask", "channel_mask", "frame_mask"),
        description="Transforms of each window, in order. One that is left out is off; one named twice runs twice.",
    )
    time_warp: float = Field(
        0.3,
        ge=0.0,
        le=0.5,
        description="Spread of the local speed in `warp`, as a logarithm. 0 keeps the rhythm.",
    )
    channel_warp: float = Field(
        2.5,
        ge=0.0,
        le=8.0,
        description="Largest shift of the mel channels in `warp`, in channels. It changes the voice. 0 keeps it.",
    )
    unwarped: Fraction = Field(0.3, description="Share of windows whose rhythm `warp` leaves as it is.")
    gain_drift: float = Field(
        1.0, ge=0.0, le=26.0, description="Spread of the slow gain over the channels in `gain_drift`, in feature units."
    )
    mask_chance: Fraction = Field(0.5, description="Chance that a mask is applied to a window.")
    mask_channels: int = Field(12, ge=0, le=40, description="Most channels that a `channel_mask` hides.")
    mask_frames: int = Field(24, ge=0, le=1000, description="Most frames of the front end that a `frame_mask` hides.")


class AugmentConfig(Section):
    """Transforms of audio when pools of features are made, and of spectrograms while training runs."""

    voice: tuple[str, ...] = Field(
        ("speed",), description="Transforms of a clip of speech, in order. A transform that is left out is off."
    )
    filters: tuple[str, ...] = Field(
        ("room", "equaliser", "microphone", "high_pass", "band_limit"),
        description="Linear filters of a clip, after `voice`. A filter that is left out is off.",
    )
    scene: tuple[str, ...] = Field(
        (
            "other_speech",
            "background",
            "automatic_gain",
            "noise_suppression",
            "level",
            "mains_hum",
            "noise_floor",
            "clipping",
            "dc_offset",
            "quantisation",
            "codec",
            "packet_loss",
        ),
        description="What is added around and over the speech, in order. A transform that is left out is off.",
    )
    spectrogram: SpectrogramConfig = Field(
        SpectrogramConfig(), description="Transforms of the windows of a training batch."
    )

    speed: FactorRange = Field(
        (0.85, 1.18), description="Factor of the speed in `speed`. Above 1 is faster. The pitch moves with it."
    )
    speed_chance: Fraction = Field(0.8, description="Chance that `speed` changes a clip.")
    room_chance: Fraction = Field(0.45, description="Chance that `room` puts a clip into a room.")
    measured_rooms: Fraction = Field(
        0.5,
        description="Share of rooms that are recorded impulse responses, if there are any.",
    )
    simulated_rooms: Fraction = Field(
        0.75,
        description="Share of the other rooms that are simulated, with a noise elsewhere in the room. This needs the "
        "package pyroomacoustics. What is left is decaying noise.",
    )
    rooms: int = Field(300, ge=0, le=10_000, description="How many rooms are simulated.")
    room_seconds: SecondsRange = Field(
        (0.08, 0.45), description="Seconds in which a room of decaying noise decays by 60 dB."
    )
    microphone_chance: Fraction = Field(0.5, description="Chance that `microphone` colours a clip as a device does.")
    equaliser_db: DecibelRange = Field((-9.0, 7.0), description="Gain in dB at each of the nine points of `equaliser`.")
    tilt_db: DecibelRange = Field(
        (-8.0, 6.0), description="Gain in dB that `equaliser` adds towards the highest frequency."
    )
    high_pass_chance: Fraction = Field(0.4, description="Chance that `high_pass` removes low frequencies.")
    high_pass_hz: HertzRange = Field((80.0, 350.0), description="Cut-off frequency of `high_pass` in Hz.")
    band_limit_chance: Fraction = Field(0.15, description="Chance that `band_limit` removes high frequencies.")
    band_limit_hz: HertzRange = Field((3200.0, 7200.0), description="Cut-off frequency of `band_limit` in Hz.")

    speech_before: Fraction = Field(0.3, description="Chance that `other_speech` puts speech before a word.")
    speech_after: Fraction = Field(0.35, description="Chance that `other_speech` puts speech after a word.")
    other_speech_db: DecibelRange = Field((-12.0, 3.0), description="Level of that speech in dB, relative to the word.")
    snr_db: DecibelRange = Field(
        (-3.0, 25.0), description="Level of the speech over `background`, in dB. A lower end makes training harder."
    )
    recorded_noise: Fraction = Field(
        0.55, description="Share of backgrounds that are recordings of noise, if there are any."
    )
    babble: Fraction = Field(
        0.2,
        description="Share of backgrounds that are several people who talk. Where no noise was recorded, people also "
        "talk instead of it.",
    )
    computed_sounds: Fraction = Field(
        0.2,
        description="Share of the other backgrounds that are clips of the kinds of sounds in `negatives`. What is left "
        "is noise of a random colour.",
    )
    gain_control_chance: Fraction = Field(0.2, description="Chance that `automatic_gain` compresses.")
    gain_control_db: DecibelRange = Field((6.0, 24.0), description="Most gain in dB that `automatic_gain` gives.")
    gain_control_release_s: SecondsRange = Field(
        (0.1, 1.5), description="Time constant in seconds with which `automatic_gain` raises the gain again."
    )
    suppression_chance: Fraction = Field(0.15, description="Chance of `noise_suppression`.")
    suppression_db: DecibelRange = Field((6.0, 24.0), description="How far `noise_suppression` lowers noise, in dB.")
    level_db: DecibelRange = Field(
        (-52.0, 0.0),
        description="Peak that `level` gives a clip, in dB below full scale: the louder of two draws. People across a "
        "room may be as quiet as -45.",
    )
    noise_floor_db: DecibelRange = Field(
        (-96.0, -58.0), description="White noise that `noise_floor` adds, in dB below full scale."
    )
    noise_floor_distance_db: float = Field(
        26.0, ge=0.0, le=120.0, description="Least distance of that noise from the peak of a clip, in dB."
    )

    hum_chance: Fraction = Field(0.08, description="Chance of `mains_hum`.")
    hum_db: DecibelRange = Field((-70.0, -35.0), description="Level of `mains_hum` in dB below full scale.")
    clipping_chance: Fraction = Field(0.08, description="Chance of `clipping`.")
    clipping_db: DecibelRange = Field((1.0, 14.0), description="How far the peaks are above the limit, in dB.")
    offset_chance: Fraction = Field(0.05, description="Chance of `dc_offset`.")
    offset_db: DecibelRange = Field((-60.0, -26.0), description="Size of `dc_offset` in dB below full scale.")
    quantisation_chance: Fraction = Field(0.04, description="Chance that `quantisation` rounds samples to 8 bits.")
    codec_chance: Fraction = Field(0.15, description="Chance that `codec` loses what a low bit rate loses.")
    codec_hz: HertzRange = Field((3400.0, 8000.0), description="Highest frequency in Hz that `codec` keeps.")
    packet_loss_chance: Fraction = Field(0.02, description="Chance of `packet_loss`.")
    packet_loss: FractionRange = Field((0.01, 0.08), description="Share of packets of 20 ms that are lost.")

    excerpts: Fraction = Field(
        0.4,
        description="Share of the clips of other speech of which only a piece as long as a word is heard, with a pause "
        "after it.",
    )
    clean_share: Fraction = Field(
        0.5,
        description="Share of the words, and of other speech, with hardly any background. Without them, a model misses "
        "clean speech.",
    )
    clean_snr_db: DecibelRange = Field(
        (25.0, 80.0), description="Level of the speech over the background, in dB, where there is hardly any."
    )
    native_filtered: Fraction = Field(
        0.6, description="Share of recordings used with their own background that go through `filters`."
    )
    native_undisturbed: Fraction = Field(
        0.45, description="Share of recordings used with their own background that get no other background."
    )
    native_level_db: DecibelRange = Field(
        (-52.0, 0.0), description="Peak of such recordings that get no other background, in dB below full scale."
    )
    native_snr_db: DecibelRange = Field(
        (0.0, 40.0), description="Level of such a recording over the background that is added to it, in dB."
    )
