"""The matcher: by cases, and against one that looks at every place of every caption."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concept_vocab.matching.forms import SurfaceForm
from concept_vocab.matching.matcher import CaptionMatcher
from concept_vocab.vocabulary import VocabularyError
from tests.concept_vocab.matching.naive import naive_match

#: Letters that meet in odd ways: words in words, marks, cases of other lengths in UTF-8, apostrophes, Han beside Latin.
_ODD = "aAbs'’ -.éÉe\u0301İiẞßſKkΣσςǅ\u0308\u200b\u00ad\ufe0f\n\t\x07\x1c中国人民警犬恤T7٣の\U00020000❤"
_texts = st.text(_ODD, max_size=12)
_forms = st.builds(SurfaceForm, st.integers(0, 5), _texts, st.booleans())


def _matcher(*texts: str) -> CaptionMatcher:
    return CaptionMatcher([SurfaceForm(number, text, False) for number, text in enumerate(texts)])


@pytest.mark.parametrize(
    ("text", "caption", "is_named"),
    [
        ("car", "a car, red", True),
        ("car", "a scar", False),
        ("car", "a carpet", False),
        ("car", "car's wheel", True),
        ("s", "a car's wheel", False),
        ("s", "the letter S", True),
        ("red panda", "a Red\n panda", True),
        ("red panda", "red, panda", False),
        ("caf\u00e9", "a cafe\u0301 at night", True),
        ("cafe", "a caf\u00e9 at night", False),
        ("é", "é", True),
        ("é", "né", False),
        ("AT&T", "an at&t tower", True),
        ("C++", "a C++11 book", True),
        ("7", "7 tips", True),
        ("7", "17 tips", False),
        ("警犬", "一条训练有素的警犬坐在它的警官身旁", True),
        ("警", "一条训练有素的警犬坐在它的警官身旁", False),
        ("T恤", "一件T恤", True),
        ("LED", "白色LED灯", True),
        ("straße", "die STRAßE", True),
        ("straße", "die STRASSE", False),
    ],
)
def test_a_form_is_found_as_whole_words_without_case(text: str, caption: str, is_named: bool) -> None:
    assert _matcher(text).match([caption]).to_pylist() == [[0] if is_named else []]


def test_forms_that_only_case_tells_apart_are_found_as_they_are_spelt() -> None:
    matcher = CaptionMatcher(
        [SurfaceForm(0, "China", True), SurfaceForm(1, "china", True), SurfaceForm(2, "cup", False)]
    )
    found = matcher.match(["China", "a china cup", "CHINA", "Cup from China, of china"])
    assert found.to_pylist() == [[0], [1, 2], [], [2, 0, 1]]


def test_one_spelling_may_mean_several_concepts_and_one_concept_have_several() -> None:
    forms = [(0, "pain", False), (1, "pain", False), (1, "bread", False), (2, "Pain", True), (0, "pain", True)]
    matcher = CaptionMatcher([SurfaceForm(*form) for form in forms])
    assert matcher.match(["pain", "Pain and bread", "bread"]).to_pylist() == [[0, 1], [0, 1, 2], [1]]


def test_all_matches_or_those_within_no_longer_one() -> None:
    matcher = _matcher("red panda", "panda", "red", "panda bear", "bear")
    assert matcher.match(["a red panda bear, red"]).to_pylist() == [[0, 2, 3, 1, 4]]
    assert matcher.match(["a red panda bear, red"], longest=True).to_pylist() == [[0, 3, 2]]


def test_fragments_hide_nothing_and_give_way() -> None:
    forms = ["a man", "man", "man with", "next to", "on the", "on the table", "parking meter", "meter", "parking"]
    fragments = [0, 2, 3, 4, 5]
    matcher = CaptionMatcher([SurfaceForm(number, text, False) for number, text in enumerate(forms)], fragments)
    captions = ["a man with a dog next to a parking meter", "on the table", "man"]
    assert matcher.match(captions, longest=True).to_pylist() == [[1, 3, 6], [5], [1]]
    assert matcher.match(captions).to_pylist() == [[0, 2, 1, 3, 6, 8, 7], [5, 4], [1]]


def test_captions_are_apart_whatever_they_end_and_begin_with() -> None:
    assert _matcher("a b", "警犬").match(["a", "b", None, "", "警", "犬", " a b "]).to_pylist() == [[]] * 6 + [[0]]


def test_what_comes_in_is_answered_row_by_row() -> None:
    matcher = _matcher("x")
    found = matcher.match(pa.array(["x", "y"] * 5000).slice(1))
    assert found.type == pa.list_(pa.int32())
    assert found.to_pylist() == [[], [0]] * 4999 + [[]]
    assert matcher.match([]).to_pylist() == []


def test_a_vocabulary_without_a_form_is_an_error() -> None:
    with pytest.raises(VocabularyError, match="empty"):
        CaptionMatcher([SurfaceForm(0, " \x00", False)])


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    st.lists(_forms, min_size=1, max_size=8),
    st.lists(st.none() | st.text(_ODD, max_size=30), max_size=4),
    st.booleans(),
    st.frozensets(st.integers(0, 5), max_size=3),
)
def test_it_agrees_with_the_naive_one_on_odd_texts(
    forms: list[SurfaceForm], captions: list[str | None], longest: bool, fragments: frozenset[int]
) -> None:
    forms = [*forms, SurfaceForm(9, "b", False)]
    # forms also stand in the captions, or hardly any would be found
    captions = [*captions, " ".join(form.text for form in forms), "".join(form.text for form in forms)]
    expected = [naive_match(forms, caption, longest, fragments) for caption in captions]
    assert CaptionMatcher(forms, fragments).match(captions, longest).to_pylist() == expected


@pytest.mark.slow
def test_it_agrees_with_the_naive_one_on_ten_thousand_random_captions() -> None:
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abé'ns"), size)) for size in rng.integers(1, 4, 60)] + list(
        "人民警犬国中的一坐在"
    )
    forms = [SurfaceForm(number % 80, _phrase(rng, words, 3), bool(rng.random() < 0.2)) for number in range(150)]
    captions = [_phrase(rng, words, 9) for _ in range(10_000)]
    matcher = CaptionMatcher(forms)
    found = matcher.match(captions).to_pylist()
    wrong = [one for one in zip(captions, found, strict=True) if naive_match(forms, one[0]) != one[1]]
    assert not wrong[:3]
    assert sum(map(len, found)) > 20_000


def _phrase(rng: np.random.Generator, words: list[str], most: int) -> str:
    chosen = [str(word) for word in rng.choice(words, rng.integers(1, most + 1))]
    spelt = [word.upper() if rng.random() < 0.1 else word for word in chosen]
    return "".join(word + str(rng.choice([" ", " ", " ", "-", ""])) for word in spelt)
