"""The C front end gives the bytes of pymicro-features, whatever the audio and however it arrives."""

from __future__ import annotations

import ctypes
import itertools
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from core_library import FRONTEND, FRONTENDS, load
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.base.assets import asset_dir
from wwtool.compiler.targets import Target, kernel_set
from wwtool.engines.machines import EMULATED, emulated
from wwtool.evaluation.material import negative_recording
from wwtool.evaluation.metrics import Track
from wwtool.frontend import micro_tables, registry
from wwtool.frontend.front_end import FeatureStream, FrontEnd
from wwtool.frontend.geometry import MICRO, SAMPLE_RATE_HZ, Geometry

RATE = SAMPLE_RATE_HZ
micro = registry.FRONT_ENDS["micro"]
SECOND = np.arange(RATE) / RATE


class Complex(ctypes.Structure):
    _fields_ = (("re", ctypes.c_int16), ("im", ctypes.c_int16))


class State(ctypes.Structure):
    _fields_ = (
        ("step_samples", ctypes.c_uint16),
        ("filled", ctypes.c_uint16),
        ("window", ctypes.c_int16 * 480),
        ("noise_estimate", ctypes.c_uint32 * 40),
        ("spectrum", Complex * 256),
    )


class CFrontend:
    def __init__(self, step_samples: int = 160, version: str = "plain") -> None:
        self.library = load(*FRONTENDS[version])
        self.library.ww_frontend_process.restype = ctypes.c_size_t
        self.state = State()
        self.library.ww_frontend_init(ctypes.byref(self.state), ctypes.c_uint16(step_samples))

    def process(self, pcm: np.ndarray) -> np.ndarray:
        pcm = np.ascontiguousarray(pcm, np.int16)
        frames = []
        start = 0
        frame = (ctypes.c_uint16 * 40)()
        ready = ctypes.c_bool()
        while start < pcm.size:
            start += self.library.ww_frontend_process(
                ctypes.byref(self.state),
                ctypes.c_void_p(pcm.ctypes.data + 2 * start),
                ctypes.c_size_t(pcm.size - start),
                frame,
                ctypes.byref(ready),
            )
            if ready.value:
                frames.append(list(frame))
        return np.array(frames, np.uint16).reshape(-1, 40)


def to_pcm(signal: np.ndarray) -> np.ndarray:
    return np.clip(np.round(signal), -32768, 32767).astype(np.int16)


def noise(level: float, seconds: float = 1.0) -> np.ndarray:
    return to_pcm(np.random.default_rng(int(level)).normal(0, level, int(seconds * RATE)))


def clicks() -> np.ndarray:
    pcm = np.zeros(RATE, np.int16)
    pcm[::777] = 32767
    pcm[::1234] = -32768
    pcm[5000:5003] = -32768
    return pcm


def lone_minimum() -> np.ndarray:
    """A -32768 in the middle of a window, where its magnitude does not fit 16 bits, over a faint hum."""
    pcm = to_pcm(20 * np.sin(2 * np.pi * 300 * SECOND))
    pcm[240::160] = -32768
    return pcm


def bursts() -> np.ndarray:
    """Silence, then loud, then faint: exact zeros and the noise estimate's memory."""
    return np.concatenate([np.zeros(4000, np.int16), noise(15000, 0.3), np.zeros(3000, np.int16), noise(2, 0.3)])


SIGNALS = {
    "silence": np.zeros(RATE, np.int16),
    **{f"noise {level}": noise(level) for level in (0.4, 1, 5, 30, 200, 1500, 8000, 30000, 200000)},
    **{f"square {hz} Hz": to_pcm(32768 * np.sign(np.sin(2 * np.pi * hz * SECOND + 0.1))) for hz in (31, 440, 7900)},
    "constant": np.full(RATE, 32767, np.int16),
    "constant minimum": np.full(RATE, -32768, np.int16),
    "clicks": clicks(),
    "lone minimum": lone_minimum(),
    "bursts": bursts(),
    "chirp": to_pcm(32767 * np.sin(2 * np.pi * 4000 * SECOND**2)),
    "faint chirp": to_pcm(9 * np.sin(2 * np.pi * 4000 * SECOND**2)),
    "alternating": to_pcm(32767.5 * np.resize([1, -1], RATE)),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_c_equals_pymicro(name: str) -> None:
    expected = micro.features(SIGNALS[name])
    assert expected.shape == (1 + (SIGNALS[name].size - 480) // 160, 40)
    for version in FRONTENDS:
        np.testing.assert_array_equal(CFrontend(version=version).process(SIGNALS[name]), expected, version)


LEVELS = (-32768, 32767, -32767, 0, 1, -1, 255, -4096)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from(LEVELS), min_size=1, max_size=6), st.integers(0, 12))
def test_versions_agree_where_everything_overflows(seed: int, levels: list[int], spread: int) -> None:
    """Few levels, held for some samples, or noise: sums wrap, and shifts meet -32768."""
    random = np.random.default_rng(seed)
    pcm = np.repeat(random.choice(levels, 4000 >> (spread % 5)), 1 << (spread % 5)).astype(np.int16)
    if spread > 8:
        pcm[::7] = random.integers(-32768, 32768, pcm[::7].size)
    plain = CFrontend()
    expected = plain.process(pcm)
    for version in set(FRONTENDS) - {"plain"}:
        fast = CFrontend(version=version)
        np.testing.assert_array_equal(fast.process(pcm), expected, version)
        assert bytes(fast.state.noise_estimate) == bytes(plain.state.noise_estimate)


@pytest.mark.parametrize("core", EMULATED)
def test_versions_on_their_cores(core: Target) -> None:
    if not emulated(core).available:
        pytest.skip(f"no compiler or emulator for {core}")
    measure = runpy.run_path(str(Path(__file__).parents[2] / "bench" / "frontend.py"))["measure"]
    counts = {version: measure(core, version)["whole"] for version in ("", kernel_set(core, "speed"))}
    assert counts[kernel_set(core, "speed")] < 0.7 * counts[""]


def test_sums_of_a_channel_fit_32_bits() -> None:
    """ww_frame_lanes.c adds up 16-bit halves of energies, of the two bands of a channel, with their weights."""
    bank = micro_tables.mel_bank()
    bands = np.split(np.array(bank.weights), np.array(bank.ends[:-1]) - bank.first_bin)
    for lower, upper in itertools.pairwise(bands):
        assert (int((4096 - lower).sum()) + int(upper.sum())) * 65535 < 1 << 32


def test_c_equals_pymicro_on_speech() -> None:
    espeak = pytest.importorskip("wwtool.data.espeak")
    speech = np.concatenate([espeak.say("okay nabu, what is the weather", voice) for voice in ("en-us", "en-gb+f3")])
    for pcm in (speech, to_pcm(speech / 50.0), to_pcm(speech * 8.0)):
        np.testing.assert_array_equal(CFrontend().process(pcm), micro.features(pcm))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 5), st.lists(st.integers(0, 700), min_size=1, max_size=12))
def test_chunks_of_any_size(seed: int, log_level: float, sizes: list[int]) -> None:
    pcm = to_pcm(np.random.default_rng(seed).normal(0, 10**log_level, 2500))
    expected = micro.features(pcm)
    c, python = CFrontend(), micro.stream()
    pieces = np.split(pcm, [cut for cut in itertools.accumulate(sizes) if cut <= pcm.size])
    np.testing.assert_array_equal(np.concatenate([c.process(piece) for piece in pieces]), expected)
    np.testing.assert_array_equal(np.concatenate([python.process(piece) for piece in pieces]), expected)


def test_first_frame_comes_with_sample_480_then_every_step() -> None:
    for step in (160, 320):
        frontend = CFrontend(step)
        counts = [len(frontend.process(np.zeros(1, np.int16))) for _ in range(480 + 2 * step)]
        assert [i + 1 for i, count in enumerate(counts) if count] == [480, 480 + step, 480 + 2 * step]


def test_20_ms_frames_carry_on_the_noise_estimate() -> None:
    """Every 20 ms frame is the frame a 10 ms front end makes of that window and the same noise estimate."""
    pcm = np.concatenate([noise(3000, 0.4), noise(40, 0.4)])
    long_step = CFrontend(320)
    estimate = bytes(160)
    for start in range(0, pcm.size - 480 + 1, 320):
        taken = slice(0, 480) if start == 0 else slice(start + 160, start + 480)
        frame = long_step.process(pcm[taken])
        alone = CFrontend(160)
        ctypes.memmove(alone.state.noise_estimate, estimate, 160)
        np.testing.assert_array_equal(alone.process(pcm[start : start + 480]), frame)
        estimate = bytes(alone.state.noise_estimate)
        assert estimate == bytes(long_step.state.noise_estimate)


def test_reset_forgets() -> None:
    stream = micro.stream()
    stream.process(noise(5000)[:5001])
    stream.reset()
    np.testing.assert_array_equal(stream.process(noise(30)), micro.features(noise(30)))


def test_quantize_is_the_devices() -> None:
    values = np.arange(65536, dtype=np.uint16)
    quantized = micro.quantize(values)
    library = load(*FRONTEND)
    library.ww_frontend_quantize.restype = ctypes.c_int8
    for value in [*range(0, 800), 1420, 32767, 65535]:
        assert library.ww_frontend_quantize(ctypes.c_uint16(value)) == quantized[value]
        assert quantized[value] == max(-128, min(127, (value * 256 + 333) // 666 - 128))


def test_wrong_audio_is_refused() -> None:
    with pytest.raises(TypeError):
        micro.features(np.zeros(1000, np.float32))


def test_committed_tables_are_the_formulas() -> None:
    assert registry.c_tables()
    for path, text in registry.c_tables().items():
        assert path.read_text(encoding="utf-8") == text


def constants_of(header: str) -> dict[str, int]:
    """The numbers of a C header's enumerations."""
    text = (asset_dir("firmware_templates") / header).read_text(encoding="utf-8")
    return {name: int(value) for name, value in re.findall(r"^ +(\w+) = (\d+)[,\s]", text, re.MULTILINE)}


def test_c_states_the_same_geometry() -> None:
    core = constants_of("core/ww_frontend.h")
    assert core["WW_FRONTEND_SAMPLE_RATE_HZ"] == MICRO.sample_rate_hz
    assert core["WW_FRONTEND_WINDOW_SAMPLES"] == MICRO.window_samples
    assert core["WW_FRONTEND_CHANNELS"] == MICRO.channels
    for board in ("esp32s3/i2s.c", "pico/adc.c"):
        assert constants_of(f"boards/{board}")["SAMPLE_RATE_HZ"] == SAMPLE_RATE_HZ
    assert constants_of("boards/linux/recording.c")["RATE_HZ"] == SAMPLE_RATE_HZ


class Loudness(FrontEnd):
    """A front end of one feature, the greatest magnitude of each window."""

    name = "loudness"
    geometry = Geometry(window_samples=320, step_samples=320, channels=1)

    def stream(self) -> FeatureStream:
        return LoudnessStream()

    def quantize(self, values: np.ndarray) -> np.ndarray:
        return (values // 256).astype(np.int8)

    def c_tables(self) -> dict[str, str]:
        return {"loudness_tables.c": "/* none */\n"}


class LoudnessStream:
    def __init__(self) -> None:
        self.pending = np.zeros(0, np.int16)

    def process(self, pcm: np.ndarray) -> np.ndarray:
        audio = np.concatenate([self.pending, pcm])
        end = len(audio) // 320 * 320
        self.pending = audio[end:]
        return np.asarray(np.abs(audio[:end].reshape(-1, 320).astype(np.int32)).max(axis=1, keepdims=True))

    def reset(self) -> None:
        self.pending = self.pending[:0]


def test_another_front_end_is_one_class_and_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.FRONT_ENDS, Loudness.name, Loudness())
    front_end = registry.FRONT_ENDS["loudness"]
    pcm = noise(3000)
    assert front_end.geometry.hop_ms == 20.0
    assert front_end.features(pcm).shape == (front_end.geometry.frames_of(len(pcm)), 1)
    np.testing.assert_array_equal(
        front_end.quantized(np.array_split(pcm, 9)), front_end.quantize(front_end.features(pcm))
    )
    assert "loudness_tables.c" in {path.name for path in registry.c_tables()}
    recording = negative_recording({"noise": [pcm]}, front_end)
    assert recording.frames.shape == (len(pcm) // 320 + 15, 1)  # with a gap of 0.3 s behind it
    track = Track(np.zeros(900, np.uint8), np.zeros((0, 2), np.int64), (), 200, front_end.geometry)
    assert track.hours == 1.0


def test_committed_golden_vectors_are_pymicros() -> None:
    script = Path(__file__).parents[1] / "firmware" / "make_frontend_golden.py"
    golden = script.with_name("frontend_golden.h").read_text(encoding="utf-8")
    assert runpy.run_path(str(script))["render"]() == golden
