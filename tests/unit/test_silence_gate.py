"""The silence gate: C and Python skip the same inferences, and a model that remembers no more hears no difference."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from wwtool.base.assets import asset_dir
from wwtool.config import parse_config
from wwtool.engines.machines import WARNINGS
from wwtool.errors import InputError
from wwtool.evaluation.detector import DetectorConfig, detect
from wwtool.evaluation.silence import SilenceGate
from wwtool.frontend.registry import DEFAULT_FRONT_END

COMPILER = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
CORE = asset_dir("firmware_templates") / "core"
DETECTOR = DetectorConfig(average_window=3, on_threshold=100, off_threshold=60, lockout=4, warmup=9, silence=48)

# A model whose output tells all that it has heard since its start, and a firmware around it.
SHIM = """
#include "ww_pipeline.h"
#include "ww_silence.h"
#define ROWS %(rows)d
#define STRIDE %(stride)d
static int8_t input[STRIDE * WW_FRONTEND_CHANNELS], ring[ROWS + WW_SILENCE_MORE_ROWS][sizeof input];
static uint32_t heard;
static uint8_t output;
static void reset(void *model) { (void)model; heard = 7; }
static void invoke(void *model)
{
    (void)model;
    for (size_t i = 0; i < sizeof input; i++) {
        heard = heard * 31u + (uint8_t)input[i];
        input[i] = 55; /* an inference may overwrite it */
    }
    output = (uint8_t)(heard >> 24);
}
static struct ww_silence silence = {
    .threshold = 48 * WW_FRONTEND_CHANNELS, .rows = ROWS, .ring = ring[0], .hear = ww_silence_hear};
static const struct ww_program program = {
    .reset = reset, .invoke = invoke, .input = input, .output = &output, .input_bytes = sizeof input,
    .output_bytes = 1, .input_frames = STRIDE, .step_samples = 160, .silence = &silence,
    .detector = {.average_window = 3, .votes_needed = 1, .votes_window = 1, .on_threshold = 100,
                 .off_threshold = 60, .lockout = 4, .warmup = 9}};
static const struct ww_port port;
static struct ww_pipeline pipeline;
int listen(const int16_t *samples, size_t count, int32_t *events, int *inferences);
/* Writes 3 words an output that was judged, or a detection: frame, probability or -1, detected. */
int listen(const int16_t *samples, size_t count, int32_t *events, int *most)
{
    int written = 0, worst = 0;
    if (!ww_pipeline_init(&pipeline, &port, &program)) {
        return -1;
    }
    while (count > 0) {
        struct ww_event event;
        const size_t taken = ww_pipeline_take(&pipeline, samples, count, false, &event);
        samples += taken;
        count -= taken;
        if (event.frame_ready && (event.inferred || event.detected)) {
            *events++ = (int32_t)event.frame;
            *events++ = event.inferred ? event.probability : -1;
            *events++ = event.detected;
            written++;
        }
        worst = silence.behind > worst ? silence.behind : worst;
    }
    *most = worst;
    return written;
}
"""


def firmware(folder: Path, rows: int, stride: int) -> ctypes.CDLL:
    (folder / "shim.c").write_text(SHIM % {"rows": rows, "stride": stride})
    library = folder / "gate.so"
    names = ("ww_pipeline.c", "ww_silence.c", "ww_detector.c", "ww_frontend.c", "ww_frontend_tables.c", "ww_frame.c")
    sources = [*(str(CORE / name) for name in (*names, "ww_fft.c")), str(folder / "shim.c")]
    subprocess.run(
        [str(COMPILER), *WARNINGS, "-O1", "-fPIC", "-shared", f"-I{CORE}", "-o", str(library), *sources], check=True
    )
    return ctypes.CDLL(str(library))


def outputs_of(frames: npt.NDArray[np.int8], gate: SilenceGate, stride: int) -> npt.NDArray[np.uint8]:
    """What the shim's model gives, by the gate's Python."""
    opens, hears = gate.open_hops(frames, stride)
    rows, heard = frames[: len(opens) * stride].reshape(len(opens), -1).view(np.uint8), 7
    outputs = np.zeros(len(opens), np.uint8)
    for i in np.flatnonzero(hears):
        for value in rows[i].tolist():
            heard = (heard * 31 + value) & 0xFFFFFFFF
        outputs[i] = heard >> 24
    return np.where(opens, outputs, 0).astype(np.uint8)


def audio() -> npt.NDArray[np.int16]:
    """Silence, with words, clicks and pauses of many lengths."""
    rng = np.random.default_rng(5)
    parts = []
    for i in range(14):
        parts.append(rng.integers(-20, 21, int(rng.integers(800, 24000))))
        length = 160 if i % 3 == 0 else int(rng.integers(1600, 9000))
        parts.append(6000 * np.sin(np.arange(length) * rng.uniform(0.05, 0.6)) + rng.integers(-300, 300, length))
    return np.concatenate(parts).astype(np.int16)


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
@pytest.mark.parametrize("stride", [2, 3])
def test_c_and_python_skip_the_same_inferences(stride: int, tmp_path: Path) -> None:
    gate, samples = SilenceGate.of(DETECTOR), audio()
    assert gate is not None
    library = firmware(tmp_path, gate.rows, stride)
    events, most = (ctypes.c_int32 * 60000)(), ctypes.c_int()
    count = library.listen(samples.ctypes.data_as(ctypes.c_void_p), len(samples), events, ctypes.byref(most))
    said = np.array(events[: 3 * count]).reshape(-1, 3)

    frames = DEFAULT_FRONT_END.quantized([samples])
    opens, hears = gate.open_hops(frames, stride)
    outputs = outputs_of(frames, gate, stride)
    assert 0.1 < opens.mean() < hears.mean() < 0.9
    expected = [(int(i) + 1) * stride - 1 for i in np.flatnonzero(opens)]
    judged = said[said[:, 1] >= 0]
    assert judged[:, 0].tolist() == expected, "each output has its own frame, however late it comes"
    assert judged[:, 1].tolist() == outputs[opens].tolist()
    assert said[said[:, 2] == 1, 0].tolist() == [(i + 1) * stride - 1 for i in detect(outputs, DETECTOR)]
    assert most.value == gate.rows, "it has been as far behind as it can be"


@given(
    st.lists(st.booleans(), min_size=1, max_size=80), st.integers(1, 12), st.integers(2, 3),
)  # fmt: skip
@settings(deadline=None)
def test_a_hop_counts_for_as_long_as_the_gate_is_open_and_is_heard_as_long_before(
    loud: list[bool], rows: int, stride: int
) -> None:
    frames = np.full((len(loud) * stride + stride - 1, 40), -128, np.int8)
    frames[::stride][: len(loud)][np.array(loud)] = 0
    opens, hears = SilenceGate(48, rows).open_hops(frames, stride)
    for i in range(len(loud)):
        assert opens[i] == any(loud[max(0, i - rows + 1) : i + 1])
        assert hears[i] == any(opens[i : i + rows + 1])


def test_a_model_that_remembers_no_more_hears_no_difference() -> None:
    """Outputs of a window of ``rows`` hops, of which each counts."""
    frames = DEFAULT_FRONT_END.quantized([audio()])
    gate = SilenceGate(48, 10)
    opens, hears = gate.open_hops(frames, 3)
    rows = frames[: len(opens) * 3].reshape(len(opens), -1).astype(np.int64)
    memory = gate.rows + 1  # the hop itself, and those before it

    def outputs(given: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        padded = np.concatenate([np.full((memory - 1, given.shape[1]), -128), given])
        weights = np.arange(1, memory + 1)
        return np.array([weights @ padded[i : i + memory].sum(axis=1) for i in range(len(given))])

    gated = np.zeros(len(opens), np.int64)
    gated[hears] = outputs(rows[hears])
    whole = outputs(rows)
    settled = opens & (np.cumsum(hears) > memory)
    assert settled.any()
    assert np.array_equal(gated[settled], whole[settled])


def test_a_model_that_runs_at_each_frame_could_not_catch_up() -> None:
    with pytest.raises(InputError, match="every second feature frame"):
        SilenceGate(48, 10).open_hops(np.zeros((9, 40), np.int8), 1)


def test_the_gate_is_off_unless_it_is_asked_for() -> None:
    assert SilenceGate.of(DetectorConfig()) is None
    assert DetectorConfig().silence == 0
    with pytest.raises(ValidationError, match="must be less than 250"):
        DetectorConfig(silence=48, warmup=300)
    with pytest.raises(InputError, match=r"frontend\.kind is mel"):
        parse_config({"detector": {"silence_gate": 48}, "frontend": {"kind": "mel"}}, "test")
