"""What a board may say that is not true, or cannot be: each lie changes the answers of ``rude_boards.Board``."""

from __future__ import annotations

import re
from collections.abc import Callable

SHA256 = "ab" * 32


def _replaced(pattern: bytes, by: bytes) -> Callable[[bytes], bytes]:
    return lambda data: re.sub(pattern, lambda _: by, data)


_DIGITS = b"7" * 5000
# What is said: how the answer is changed, and a part of the sentence that is due.
LIES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no latency": (_replaced(rb"m-lap-us-23604", b"m-lap-us-4294967000"), "20 inferences took no time"),
    "a latency of 5 s": (
        _replaced(rb"m-lap-us-23604", b"m-lap-us-100000000"),
        "an inference takes 5000015 us, the limit is 15000 us",
    ),
    "slower than the limit": (
        lambda data: data.replace(b"us-23604", b"us-400000").replace(b"invoke=189907", b"invoke=3200000"),
        "an inference takes 20015 us, the limit is 15000 us",
    ),
    "faster than can be": (
        lambda data: data.replace(b"us-23604", b"us-4294967001").replace(b"invoke=189907", b"invoke=8"),
        "no core of its kind can",
    ),
    "one stamp": (_replaced(rb"m-lap-us-23604\r\n", b""), "without two time stamps"),
    "three stamps": (_replaced(rb"m-lap-us-23604", b"m-lap-us-1\r\nm-lap-us-23604"), "without two time stamps"),
    "a negative stamp": (_replaced(rb"m-lap-us-23604", b"m-lap-us--1"), "without two time stamps"),
    "a stamp of 5000 digits": (_replaced(rb"m-lap-us-23604", b"m-lap-us-" + _DIGITS), "without two time stamps"),
    "results that are no number": (_replaced(rb"0\.500", b"nan"), "without two time stamps and results"),
    "infinite results": (_replaced(rb"0\.500", b"inf"), "without two time stamps and results"),
    "results above 1": (_replaced(rb"0\.500", b"1.500"), "without two time stamps and results"),
    "no cycles": (_replaced(rb"invoke=\d+", b"invoke=0"), "counts no cycles of an inference"),
    "no cycles of the front end": (_replaced(rb"frontend=\d+", b"frontend=0"), "counts no cycles of a feature frame"),
    "cycles of another clock": (_replaced(rb"invoke=\d+", b"invoke=9"), "its clock has 160 MHz"),
    "a busy core": (_replaced(rb"frontend=\d+", b"frontend=1500000"), "of a core, the limit is 50 %"),
    "cycles of 5000 digits": (_replaced(rb"invoke=\d+", b"invoke=" + _DIGITS), "'invoke': .* is no number"),
    "no stack": (_replaced(rb"stack=\d+", b"stack=0"), "does not tell how deep its stack was"),
    "a negative stack": (_replaced(rb"stack=\d+", b"stack=-5"), "'stack': '-5' is no number"),
    "more stack than limit": (_replaced(rb"stack=\d+", b"stack=4097"), "the stack grew to 4097 bytes of 4096"),
    "more stack than RAM": (_replaced(rb"stack=\d+", b"stack=200000"), "but its chip has 200000"),
    "a stack beyond 32 bits": (_replaced(rb"stack=\d+", b"stack=4294967296"), "is no number from 0 to 4294967295"),
    "two stacks": (_replaced(rb"ww-memory-\[stack=\d+\]", b"ww-memory-[stack=9]\r\nww-memory-[stack=8]"), "two values"),
    "no marks": (_replaced(rb"ww-memory-\[.*\]\r\n", b""), "without a usable 'stack'"),
    "lost samples": (_replaced(rb"overruns=0", b"overruns=3"), "3 microphone samples were lost"),
    "another board": (_replaced(rb"esp32s3", b"nano33ble"), "says that it is 'nano33ble'"),
    "another name": (_replaced(rb"dut-\[wwtool-esp32s3", b"dut-[wwtool-pico"), "calls itself 'wwtool-pico'"),
    "another model": (_replaced(SHA256.encode(), b"cd" * 32), "with model cdcdcdcdcdcd"),
    "another version": (_replaced(rb"version=0.1.0", b"version=0.0.9"), "its version is '0.0.9'"),
    "another rate": (_replaced(rb"rate=16000", b"rate=8000"), "its sample rate hz is 8000"),
    "a negative input": (_replaced(rb"input=120", b"input=-1"), "'input': '-1' is no number"),
    "an input of 4 GB": (_replaced(rb"input=120", b"input=4294967295"), "'input': 4294967295 is not from 1"),
    "an input of 5000 digits": (_replaced(rb"input=120", b"input=" + _DIGITS), "'input': '7777"),
    "digits of another script": (_replaced(rb"input=120", b"input=\xd9\xa1"), "no text"),
    "markup in the phrase": (_replaced(rb"phrase=hey you", b"phrase=[/red] you"), r"phrase is '\[/red\] you'"),
    "escapes in the phrase": (_replaced(rb"phrase=hey you", b"phrase=\x1b[2J\x07"), r"'phrase': '.*x1b"),
    "a long phrase": (_replaced(rb"phrase=hey you", b"phrase=" + b"y" * 9000), "'phrase': 'yyyy"),
    "an error with escapes": (
        _replaced(rb"ww-memory-\[stack=1248\]", b"e-[\x1b]0;owned\x07[/red]]"),
        r"refuses 'ww-memory%': .*x1b\]0;owned",
    ),
    "short features": (_replaced(rb"(?:80){40}\]", b"8080]"), "other than 40 channels"),
    "odd features": (_replaced(rb"(?:80){40}\]", b"80" * 39 + b"8]"), "'ww-features-.*is damaged"),
    "features out of order": (_replaced(rb"features-\[3,", b"features-[1,"), "ww-features lines .* out of order"),
    "a frame that is missing": (_replaced(rb"ww-features-\[7,\w+\]\r\n", b""), "makes 7 feature frames"),
    "features of 5000 digits": (_replaced(rb"features-\[3,", b"features-[" + _DIGITS + b","), "is damaged"),
    "wrong outputs": (_replaced(rb"ww-output-\[..\]", b"ww-output-[33]"), "3 of 3 differ|2 of 3 differ"),
    "long outputs": (_replaced(rb"ww-output-\[(..)\]", b"ww-output-[00 00]"), "an output of 2 bytes came"),
    "no outputs": (_replaced(rb"ww-output-\[(..)\]", b"ww-output-[]"), "an output of 0 bytes came"),
    "outputs of half a byte": (_replaced(rb"ww-output-\[(..)\]", b"ww-output-[0]"), "without output bytes"),
    "a detection nobody expects": (
        _replaced(rb"(ww-prob-\[8,7\])", b"ww-detection-[8,9]\r\nww-prob-[8,7]"),
        "2 detections",
    ),
    "detections out of order": (
        _replaced(rb"(ww-prob-\[8,7\])", b"ww-detection-[1,9]\r\nww-prob-[8,7]"),
        "out of order",
    ),
    "a probability of 256": (_replaced(rb"ww-prob-\[8,7\]", b"ww-prob-[8,256]"), "'ww-prob-.*is damaged"),
    "a detection of 5000 digits": (_replaced(rb"detection-\[5,", b"detection-[" + _DIGITS + b","), "is damaged"),
    "a negative frame": (_replaced(rb"detection-\[5,", b"detection-[-5,"), "is damaged"),
}
