"""Languages other than English: what a phrase may be, what its voices can say, and where words come from."""

# ruff: noqa: RUF001 - letters of one script look like those of another
from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.cli.main import main
from wwtool.config import load_config
from wwtool.data import espeak
from wwtool.data.texts import phrases
from wwtool.data.texts.languages import is_word, languages_with_words, listed_words, plain_letters, script
from wwtool.data.texts.lexicon import FEWEST_WORDS, lexicon
from wwtool.data.texts.sounds import sounds
from wwtool.data.texts.spelling import spelled_part
from wwtool.data.texts.word_list import read_words
from wwtool.errors import InputError


@pytest.mark.parametrize(
    ("language", "phrase"),
    [
        ("hi", "हेलो कंप्यूटर"),
        ("bn", "হ্যালো"),
        ("ta", "வணக்கம்"),
        ("fa", "می\u200cخواهم"),  # with a joiner of zero width
        ("cmn", "你好小智"),
        ("zh", "小爱同学"),
        ("yue", "你好小智"),
        ("zh", "hey siri"),
        ("ja", "コンピュータ"),
        ("ja", "チェック"),
        ("ko", "컴퓨터"),
        ("ru", "привет"),
        ("ru", "hey computer"),
        ("ar", "مرحبا"),
        ("he", "שלום"),
        ("el", "γεια σου"),
        ("pl", "cześć źdźbło"),
        ("vi", "xin chào"),
        ("es", "señor"),
        ("tr", "ığdır"),
        ("hr", "zdravo računalo"),
        ("sr", "здраво рачунару"),
        ("en-us", "hey café"),
        ("en-us", "hey bmw"),
    ],
)
def test_phrases_of_many_scripts(language: str, phrase: str) -> None:
    assert phrases.normalize_phrase(phrase, language) == phrase


@pytest.mark.parametrize(
    ("language", "phrase", "part"),
    [
        ("ja", "漢字", "漢"),  # "Chinese letter"
        ("ja", "hey コンピュータ", "hey"),  # "aitch e y"
        ("de", "你好小智", "你"),
        ("fr", "hallo 你好", "你"),
        ("de", "привет", "привет"),  # "Cyrillic p, Cyrillic r"
        ("de", "สวัสดี", "ส"),
        ("en-us", "γεια σου", "γεια"),  # "gamma epsilon iota"
        ("en-us", "hey привет", "привет"),
        ("en-us", "heyп computer", "п"),
        ("en-us", "źdźbło computer", "ź"),  # "z acute"
        ("en-us", "computer こんにちは", "こ"),
        ("chr", "ᎣᏏᏲ", "Ᏺ"),
    ],
)
def test_what_a_voice_only_spells_is_refused(language: str, phrase: str, part: str) -> None:
    with pytest.raises(InputError, match=f"contains '{part}', which the {language} voice cannot say"):
        phrases.normalize_phrase(phrase, language)


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("ｈｅｙ　ｃｏｍｐｕｔｅｒ", "hey computer"),
        ("𝐡𝐞𝐲 ﬁnger", "hey finger"),
        ("¡Hey, computer!", "hey computer"),
        ("hey。computer！", "hey computer"),
    ],
)
def test_letters_of_other_keyboards_are_ordinary_ones(typed: str, plain: str) -> None:
    assert phrases.normalize_phrase(typed) == plain


def test_thai_vowels_stay_whole() -> None:
    assert plain_letters("น้ำ ｶﾞ") == "น้ำ ガ"


@pytest.mark.parametrize("language", ["de", "ru", "hi", "bn", "ta", "cmn", "yue", "ja", "no", "sr"])
def test_a_list_of_words_is_one_that_the_voice_can_say(language: str) -> None:
    words = [word for word in listed_words(language, 1500) if len(word) > 1 and is_word(word)]
    assert len(words) > 1000
    unsaid = [word for word in words if spelled_part(word, language)]
    if language == "ja":  # its voice knows no Chinese characters; what it does not know is left out
        assert unsaid and all(any(script(c) in ("CJK", "LATIN") for c in word) for word in unsaid)
    else:
        assert len(unsaid) < 20, unsaid


def test_every_language_with_words_has_a_voice_and_a_list() -> None:
    for language in languages_with_words():
        assert espeak.accents(language), language
        assert len(listed_words(language, 1000)) == 1000, language


@pytest.mark.parametrize(("language", "phrase"), [("cmn", "你好小智"), ("hi", "हेलो कंप्यूटर"), ("ru", "привет мир")])
def test_near_misses_and_sentences_are_many_and_of_words(language: str, phrase: str) -> None:
    near, ordinary = phrases.near_misses(phrase, 300, language=language), phrases.sentences(100, 0, language, phrase)
    assert len(set(near)) > 250 and len(set(ordinary)) > 95
    assert not any(c.isdigit() for text in near + ordinary for c in text)


def test_russian_words_take_seconds() -> None:
    """Its dictionary is large: loaded anew for every word, it took a minute and a half."""
    started = time.process_time()
    lexicon.__wrapped__("ru")
    assert time.process_time() - started < 20


def test_a_language_without_words_is_refused_with_those_that_work() -> None:
    for make in (lambda: phrases.near_misses("kaixo etxea", 40, 0, "eu"), lambda: phrases.sentences(9, 0, "th")):
        with pytest.raises(
            InputError, match=r"no list of words for the language .* --words FILE, or use one of ar, bg, .*, zh$"
        ):
            make()


def test_a_voice_without_its_dictionary_is_no_voice(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="no voice for the language 'fo'"):
        phrases.normalize_phrase("halló", "fo")
    assert "dictionary" not in capfd.readouterr().err


def test_a_temporary_directory_that_lies_deep(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 40)
    deep.mkdir()
    program = "from wwtool.data.espeak import phonemes; print(len(phonemes('hey computer')))"
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TMPDIR": str(deep)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.stdout, result.stderr) == ("2\n", "")


def test_few_texts_like_the_phrase_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases, "_one_word_replaced", lambda *_: iter(()))
    monkeypatch.setattr(phrases, "sound_splits", lambda *_: iter(()))
    monkeypatch.setattr(phrases, "rhymes", lambda *_: iter(()))
    monkeypatch.setattr(phrases, "_around", lambda *_: iter(()))
    with pytest.raises(InputError, match="texts sound almost like 'kaixo', but wwtool needs 20"):
        phrases.near_misses("kaixo", 4500)


SYLLABLES = [
    a + b for a in ("ka", "be", "ti", "no", "su", "ra", "me", "li") for b in ("do", "ta", "ri", "ne", "gu", "pa")
]
BASQUE = [a + b for a in SYLLABLES for b in ("", "ko", "za", "len", "tu", "rik")]


def test_words_of_a_user(tmp_path: Path) -> None:
    path = tmp_path / "eu.txt"
    path.write_text("\n".join(f"{word.upper()}\t{i}" for i, word in enumerate(BASQUE)), encoding="utf-8-sig")
    words = read_words(path)
    assert list(words) == BASQUE
    texts = phrases.sentences(50, 0, "eu", "kaixo etxea", words)
    assert len(set(texts)) == 50
    assert {word.strip(",.?!") for text in texts for word in text.split()} <= set(BASQUE)
    assert len(set(phrases.near_misses("kaixo etxea", 100, 0, "eu", words))) > 90


def test_running_text_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text(" ".join([*BASQUE, "etxea, etxea! (Etxea)"]), encoding="utf-16")
    assert read_words(path)[:2] == ("etxea", BASQUE[0])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "has 0 different words, but wwtool needs 200"),
        (b"one two three", "has 3 different words"),
        (b"\xff\xfe\xff", "is not text"),
        ("straße".encode("latin-1"), "not text in UTF-8"),
        (b"1 2 3 4 5\n" * 500, "has 0 different words"),
    ],
)
def test_files_that_are_no_words(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=complaint):
        read_words(path)
    with pytest.raises(InputError):
        read_words(tmp_path / "nowhere")
    with pytest.raises(InputError):
        read_words(tmp_path)


def test_words_that_the_voice_cannot_say_do_not_count(tmp_path: Path) -> None:
    words = tuple(
        f"{a}{b}" for a in "漢字東京日本語人" for b in "一二三四五六七八九十百千万円時分秒年月日火水木金土山川田"
    )
    assert len(words) > FEWEST_WORDS
    with pytest.raises(
        InputError, match=f"the ja voice can say only 0 of {len(words)} words, but wwtool needs {FEWEST_WORDS}"
    ):
        lexicon("ja", words)


def test_a_config_names_its_words_relative_to_itself(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("synth:\n  words: lists/eu.txt\n")
    assert load_config(tmp_path / "config.yaml").synth.words == tmp_path / "lists/eu.txt"
    over = load_config(tmp_path / "config.yaml", {"synth": {"words": "other.txt"}})
    assert over.synth.words == Path("other.txt")


@pytest.mark.parametrize(
    "command", [["data", "synth", "kaixo etxea"], ["build", "--platform", "host", "--phrase", "kaixo etxea"]]
)
def test_a_command_refuses_a_language_without_words(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*command, "--language", "eu", "--out", str(tmp_path / "out")])
    assert stop.value.code == 4
    assert "--words FILE" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["en-us", "de", "ja", "hi", "cmn", "ar"]), st.text(max_size=20))
def test_whatever_is_said_has_sounds(language: str, text: str) -> None:
    try:
        phrase = phrases.normalize_phrase(text, language)
    except InputError as error:
        assert str(error)
    else:
        assert all(sounds(word, language) for word in phrase.split() if any(map(str.isalnum, word)))
