"""What a natural voice of 8-bit weights costs with unsigned and with signed inputs of its convolutions.

    python bench/integer_convolutions.py [CLIPS]

Kokoro says a phrase CLIPS times (10) in each form of its model, on one core. Both give the same samples, or the run
fails. The processor must have VNNI (wwtool/data/synthesizers/onnx_integers.py).
"""

from __future__ import annotations

import argparse
import sys
import time
from unittest import mock

import numpy as np

from wwtool.data.synthesizers import onnx_integers
from wwtool.data.synthesizers.interface import Utterance
from wwtool.data.synthesizers.kokoro import Kokoro

_PHRASE = "hey computer"


def main(clips: int) -> None:
    if not onnx_integers.has_vnni():
        sys.exit("this processor has no VNNI, so models stay as they are")
    said = []
    for form, vnni in (("unsigned", False), ("signed", True)):
        with mock.patch.object(onnx_integers, "has_vnni", return_value=vnni):
            voice = Kokoro.find()
            if voice is None:
                sys.exit(f"Kokoro is not installed; get it with {Kokoro.install}")
            utterances = [Utterance(_PHRASE, Kokoro.name, name) for name in list(voice.speakers)[:clips]]
            voice.speak(utterances[0])
            start = time.process_time()
            said.append([voice.speak(utterance) for utterance in utterances])
            seconds = (time.process_time() - start) / clips
        print(f"{form:<9}{seconds:6.2f} CPU seconds a clip")
    if not all(np.array_equal(a, b) for a, b in zip(*said, strict=True)):
        sys.exit("the forms differ")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=int, nargs="?", default=10)
    main(parser.parse_args().clips)
