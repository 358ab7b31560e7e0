from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.annotating import language as room
from transforms.annotating.language import detect_languages
from transforms.miniature.captions import caption
from transforms.miniature.pictures.scenes import scene_of
from transforms.reading.settings import SourceSettings

ENGLISH_CHINESE = ["en", "zh"]


def source(**values: object) -> SourceSettings:
    return SourceSettings.model_validate({"name": "s", "format": "folder", "path": "p", **values})


def test_captions_of_the_embedded_corpus() -> None:
    random = np.random.default_rng(0)
    truth = ["zh" if row % 4 == 0 else "en" for row in range(2000)]
    captions = [caption(scene_of(0, row), language == "zh", random) for row, language in enumerate(truth)]
    found = detect_languages(captions, ENGLISH_CHINESE, 0.5)
    assert np.mean(np.array(found) == truth) >= 0.999


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("a dog", "en"),
        ("red car", "en"),
        ("Coca-Cola", "en"),
        ("Toyota Camry 2015", "en"),
        ("犬", "zh"),
        ("T恤", "zh"),
        ("苹果 iPhone 13", "zh"),
        ("The 故宫 in Beijing on a summer day", "en"),
        ("собака", "und"),
        ("日本語のテキスト", "und"),
        ("2019-05-01", "und"),
        ("🐶🐶", "und"),
        ("", "und"),
        (None, "und"),
    ],
)
def test_short_phrases(text: str | None, language: str) -> None:
    assert detect_languages([text], ENGLISH_CHINESE, 0.5) == [language]


def test_a_caption_of_many_scripts_is_undetermined() -> None:
    assert detect_languages(["dogs собака كلب"], ["en", "ru", "ar"], 0.5) == ["und"]
    assert detect_languages(["dogs собака كلب"], ["en", "ru", "ar"], 0.4) == ["ru"]


@pytest.mark.slow
def test_candidates_of_one_script_are_told_by_lingua() -> None:
    captions = ["une voiture rouge dans la rue", "a red car in the street", "un coche rojo en la calle", "собака", "犬"]
    assert detect_languages(captions, ["en", "fr", "es", "zh"], 0.5) == ["fr", "en", "es", "und", "zh"]
    assert detect_languages(["table"], ["en", "fr"], 0.999) == ["und"]


def test_a_megabyte_without_a_space_takes_no_time() -> None:
    long = ["abcdefghij" * 100_000, "汉" * 1_000_000]
    detect_languages(["a"], ["en", "fr", "zh"], 0.5)
    started = time.process_time()
    assert detect_languages(long, ["en", "fr", "zh"], 0.0)[1] == "zh"
    assert time.process_time() - started < 1  # the whole of it took hours


def test_no_model_is_loaded_for_a_script_of_one_language() -> None:
    code = (
        "import sys; from transforms.annotating.language import detect_languages as detect; "
        "assert detect(['a dog', '一只狗'], ['en', 'zh'], 0.5) == ['en', 'zh']; assert 'lingua' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_settings_name_languages_that_can_be_told() -> None:
    assert source().languages == ["en", "zh"]
    assert source(languages=["fr"]).identity() != source().identity()
    with pytest.raises(ValueError, match="'xx' is no language that can be told; known are af, ar, az"):
        source(languages=["en", "xx"])
    with pytest.raises(ValueError, match="named twice"):
        source(languages=["en", "en"])


@given(st.lists(st.text("aZ1 .é猫の", max_size=12)), st.floats(0, 1))
def test_latin_texts_are_told_without_counting(texts: list[str], sure: float) -> None:
    counted = room._told(texts, room._by_script(("en", "zh")), sure) if texts else []
    assert detect_languages(texts, ENGLISH_CHINESE, sure) == counted
