"""Several models in one bare-metal firmware: they share kernels and front end, and each is heard on the console."""

from __future__ import annotations

import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from framework_projects import ALWAYS, STRICT, content_of, need, render, run

from wwtool import packages
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.streaming import StreamingModel
from wwtool.evaluation.voice_gate import VoiceGate
from wwtool.firmware.link_map import MODEL_MEMORY, WEIGHTS
from wwtool.firmware.toolchains import find_toolchain
from wwtool.packages.bare_metal.image import build_image
from wwtool.packages.bare_metal.project import FirmwareProject
from wwtool.packages.library import write_library

rng = np.random.default_rng(3)
LEVELS = rng.integers(30, 20000, 120)  # of noise, a quarter of a second each


def test_the_second_word_is_heard_on_the_console_and_costs_only_its_own(tmp_path: Path) -> None:
    need("cc")
    sizes = {}
    for name, phrases in {"one": ("hey computer",), "two": ("hey computer", "good night")}.items():
        content = content_of("host", *phrases, detector=ALWAYS)
        project = render("bare-metal", content, tmp_path / name)
        (tmp_path / f"{name}.out").mkdir()
        image = build_image(
            FirmwareProject.of(project), content.platform, find_toolchain(content.platform), tmp_path / f"{name}.o",
            tmp_path / f"{name}.out", "firmware",
        )  # fmt: skip
        sizes[name] = {part.name: part for part in image.sizes.parts}
    one, two = sizes["one"], sizes["two"]
    assert two[WEIGHTS].flash == 2 * one[WEIGHTS].flash
    assert two[MODEL_MEMORY].ram == 2 * one[MODEL_MEMORY].ram
    for part in ("console", "audio and front end"):
        assert two[part].flash == one[part].flash
    samples = np.zeros(8000, "<i2").tobytes()
    script = b"ww-reset%" + b"".join(
        b"ww-pcm 1000%%%s" % samples[start : start + 1000] for start in range(0, len(samples), 1000)
    )
    out = subprocess.run(
        [image.files["elf"], "--no-audio"], input=script, capture_output=True, check=True, timeout=30
    ).stdout.decode()
    assert out.count("ww-detection-[") == 1
    assert out.count("ww-word-[1,") == 1


def test_a_program_switches_its_words_and_changes_their_thresholds(tmp_path: Path) -> None:
    need("gcc")
    folder = tmp_path / "library"
    folder.mkdir()
    write_library(folder, content_of("host", "hey computer", "good night", detector=ALWAYS))
    (tmp_path / "main.c").write_text("""
        #include "wakeword.h"
        static unsigned hear(unsigned samples)
        {
            static int16_t noise[160];
            unsigned words = 0;
            for (unsigned n = 0; n < samples; n++) {
                noise[n % 160] = (int16_t)(n * n * 7919u);
                if (n % 160 == 159) { words |= wakeword_hear(noise, 160); }
            }
            return words;
        }
        #define CHECK(what) if (!(what)) { return __LINE__; }
        int main(void)
        {
            CHECK(wakeword_begin() && hear(8000) == 3);
            CHECK(wakeword_begin() && (wakeword_switch(0, false), hear(8000)) == 2);
            wakeword_switch(0, true);
            CHECK(hear(8000) == 1 && hear(8000) == 0);
            CHECK(wakeword_begin() && wakeword_set_threshold(1, 32, 255) && hear(8000) == 1);
            CHECK(wakeword_set_threshold(1, 1, 1) && hear(8000) == 2);
            CHECK(!wakeword_set_threshold(1, 0, 1) && !wakeword_set_threshold(1, 33, 1));
            CHECK(!wakeword_set_threshold(1, 257, 1) && !wakeword_set_threshold(1, 1, 0));
            CHECK(!wakeword_set_threshold(1, 1, 257) && !wakeword_set_threshold(1, 1, 65537));
            CHECK(!wakeword_set_threshold(2, 1, 1) && (wakeword_switch(2, false), wakeword_phrase(2)[0] == 0));
            return 0;
        }
    """)
    flags = ("-std=c99", "-O1", "-fsanitize=address,undefined", *STRICT.split(), f"-I{folder}")
    run("gcc", *flags, "main.c", *sorted(folder.glob("*.c")), "-o", "program", folder=tmp_path)
    run(tmp_path / "program", folder=tmp_path)


def test_evaluation_gates_as_firmware_does(tmp_path: Path) -> None:
    need("gcc")
    audio = np.concatenate([rng.integers(-level, level, 4000) for level in LEVELS]).astype(np.int16)
    contents = content_of("host", "hey computer", "vad", detector=ALWAYS)
    with closing(StreamingModel(contents.tflite)) as model:
        outputs = model.probabilities(model.front_end.quantized([audio]))
        heard, rare = (int(np.percentile(outputs, share)) for share in (60, 90))
        word = DetectorConfig(average_window=2, on_threshold=heard, off_threshold=heard, lockout=4, warmup=9)
        voice = DetectorConfig(average_window=2, on_threshold=rare, off_threshold=rare, lockout=0, warmup=5)
        without, _ = model.listen([audio], word)
        model.voice_gate = VoiceGate(model.probabilities, model.stride, voice)
        expected = [detection.frame for detection in model.listen([audio], word)[0]]
    assert 3 < len(expected) < len(without)
    folder = tmp_path / "library"
    folder.mkdir()
    gate = replace(contents.beside[0], detector=voice)
    write_library(folder, replace(contents, detector=word, beside=(gate,)))
    (tmp_path / "main.c").write_text("""
        #include <stdio.h>
        #include "wakeword.h"
        int main(void)
        {
            int16_t samples[160];
            wakeword_begin();
            for (int frame = -2; fread(samples, sizeof samples, 1, stdin) == 1; frame++) {
                if (wakeword_hear(samples, 160) != 0) { printf("%d\\n", frame); }
            }
            return 0;
        }
    """)
    run(
        "gcc", "-std=c99", "-O1", f"-I{folder}", "main.c", *sorted(folder.glob("*.c")), "-o", "program", folder=tmp_path
    )
    said = run(tmp_path / "program", folder=tmp_path, stdin=audio.astype("<i2").tobytes())
    assert list(map(int, said.split())) == expected


def test_bare_metal_holds_several() -> None:
    packages.look_up("bare-metal").check(content_of("host", "hey computer", "good night", "vad"))
