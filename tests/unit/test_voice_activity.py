"""The training of the model that tells speech from the rest: what its windows are told, and its pieces of speech."""

from __future__ import annotations

import numpy as np
from voice_activity import SILENT_FRAMES, SPEECH_FRAMES, pieces_of, told_of

from wwtool.features.pools import Pool


def test_a_frame_is_speech_the_rest_or_neither() -> None:
    starts, ends = np.array([100, 260]), np.array([150, 300])
    told = told_of(Pool("speech", np.zeros((400, 40), np.int8), starts, ends))
    speech, rest, neither = np.flatnonzero(told > 0), np.flatnonzero(told < 0), np.flatnonzero(np.isnan(told))
    after, more = SPEECH_FRAMES
    assert speech.tolist() == [*range(100 + after, 150 + more), *range(260 + after, 300 + more)]
    assert rest.tolist() == [*range(100), *range(150 + SILENT_FRAMES, 260), *range(300 + SILENT_FRAMES, 400)]
    assert len(speech) + len(rest) + len(neither) == 400


def test_speech_that_begins_soon_after_is_speech() -> None:
    told = told_of(Pool("speech", np.zeros((200, 40), np.int8), np.array([20, 75]), np.array([60, 120])))
    assert (told[75 + SPEECH_FRAMES[0] : 120] > 0).all() and not (told[20:120] < 0).any()


def test_no_clip_is_both_learnt_from_and_judged_by() -> None:
    signs = np.random.default_rng(0).choice([-1, 1], 40000)
    clips = [(signs * 100 * (number + 1)).astype(np.int16) for number in range(20)]
    learnt, judged = (
        [int(np.median(np.abs(piece))) // 100 - 1 for piece in pieces_of(clips, apart)] for apart in (False, True)
    )
    assert judged == [0, 10] and learnt == sorted({*range(20)} - {0, 10})
