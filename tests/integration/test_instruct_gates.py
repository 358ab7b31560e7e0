"""What the gates find of what is planted in the embedded instruction sets, kind by kind, and what they take for it."""

from __future__ import annotations

import pathlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq
import pytest

from transforms.instruct.answers.normalising import normalise_rows
from transforms.instruct.answers.settings import AnswersSettings
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.reading.inputs import list_parts
from transforms.instruct.rows import Row
from transforms.instruct.safety.gate import SafetyGate
from transforms.instruct.safety.personal_data import KINDS, find_personal
from transforms.instruct.safety.settings import SafetySettings
from transforms.instruct.standardising import standardise
from transforms.instruct.validating.findings import text_of
from transforms.instruct.validating.judging import judge_rows
from transforms.instruct.validating.settings import ValidateSettings
from transforms.miniature.instruct.corpus import rows_path
from transforms.miniature.instruct.declared import declared_sources
from transforms.miniature.instruct.faults import Fault
from transforms.miniature.instruct.wordings import NEVER_TOUCHED, WHERE_ASKED, Wording
from transforms.storage import StoragePath

pytestmark = pytest.mark.slow

RANGE_BYTES = 64 << 20
#: Of the full 20,000 rows, what is left: a caption has no question that tells its language, and a list of prices or a
#: table that ends a line early looks whole.
LEAST_RECALL = {Fault.WRONG_LANGUAGE: 0.6, Fault.TRUNCATED_ANSWER: 0.6, Fault.HTML_RESIDUE: 0.9}


@dataclass
class Known:
    """Rows that were standardised, and the truth about each."""

    folder: pathlib.Path
    rows: list[Row] = field(default_factory=list)
    truth: dict[str, dict[str, Any]] = field(default_factory=dict)

    def planted(self) -> Iterator[tuple[Row, dict[str, Any]]]:
        return ((row, self.truth[row.key]) for row in self.rows)


@pytest.fixture(scope="module")
def known(instruct_corpus: pathlib.Path) -> Known:
    folder = instruct_corpus
    records: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for record in pq.read_table(rows_path(StoragePath.of(folder)).path).to_pylist():
        records.setdefault((record["source"], record["file"].rpartition(".")[0]), []).append(record)
    found = Known(folder)
    for source in declared_sources(StoragePath.of(folder)):
        for part in list_parts(source, RANGE_BYTES):
            read = list(standardise(part, source))
            found.rows += [one for one in read if isinstance(one, Row)]
            # keys rise as records stand in their file
            keys = sorted(one.key for one in read)
            found.truth.update(zip(keys, records[part.source, part.name], strict=True))
    return found


def _fates(outcome: Outcome) -> dict[str, str]:
    found = {one.key: "mended" for one in (*outcome.edits, *outcome.facts)}
    return {**found, **{one.key: "rejected" for one in outcome.rejects}}


def test_faults_are_found_and_nothing_else(known: Known) -> None:
    fates = _fates(judge_rows(known.rows, ValidateSettings()))
    planted, met = Counter[str](), Counter[str]()
    for row, truth in known.planted():
        if truth["fault"] is None or truth["fate"] == "kept":
            assert row.key not in fates, f"{row.key} is sound: {[text_of(one) for one in row.messages]}"
        elif truth["fault"] != Fault.TRUNCATED_IMAGE:  # which standardise decodes
            planted[truth["fault"]] += 1
            met[truth["fault"]] += fates.get(row.key) == truth["fate"]
    assert len(planted) == 19
    for fault, count in planted.items():
        assert met[fault] >= LEAST_RECALL.get(Fault(fault), 1.0) * count, f"{fault}: {met[fault]} of {count}"


def test_personal_data_is_found_and_what_looks_like_it_is_not(known: Known) -> None:
    for row, truth in known.planted():
        wanted = sorted((one["kind"], one["value"]) for one in truth["planted"] if one["is_personal"])
        texts = [text_of(message) for message in row.messages]
        places = [(text, one) for text in texts for one in find_personal(text, KINDS, ["US", "CN", "GB"])]
        assert sorted((one.kind, text[one.start : one.end]) for text, one in places) == wanted


def test_lists_stop_what_is_on_them(known: Known) -> None:
    lists = known.folder / "lists"
    words = {language: str(lists / f"blocked_words_{language}.txt") for language in ("en", "zh")}
    settings = {
        "personal": dict.fromkeys(KINDS, "off"),
        "blocked_words": {"paths": words},
        "hash_lists": {
            "known": {"path": str(lists / "md5.txt"), "kind": "md5"},
            "looks": {"path": str(lists / "pdq.txt"), "kind": "pdq"},
        },
    }
    outcome = SafetyGate(SafetySettings.model_validate(settings)).judge(known.rows)
    stopped = {one.key: (str(one.reason), one.detail) for one in outcome.rejects}
    expected = {
        "word": ("blocked_word", "blocked_word"),
        "md5": ("listed_medium", "on the list known, looks"),
        "near_hash": ("listed_medium", "on the list looks"),
    }
    for row, truth in known.planted():
        assert stopped.get(row.key) == expected.get(truth["unsafe"])


def test_unsafe_images_are_nearer_than_others(known: Known) -> None:
    """With the tiny encoder, 0.2 finds 70 % of the stand-ins in 20,000 rows, and takes 8 others for them."""
    settings = {
        "personal": dict.fromkeys(KINDS, "off"),
        "unsafe_images": {
            "concepts": str(known.folder / "lists" / "unsafe_concepts.txt"),
            "encoder": {"model": "configs/encoder/tiny"},
            "threshold": 0.2,
        },
    }
    outcome = SafetyGate(SafetySettings.model_validate(settings)).judge(known.rows)
    stopped = Counter(known.truth[one.key]["unsafe"] for one in outcome.rejects)
    planted = sum(truth["unsafe"] == "concept" for _, truth in known.planted())
    assert stopped["concept"] >= 0.5 * planted
    assert stopped.total() - stopped["concept"] <= 0.002 * len(known.rows)


def test_answers_are_rendered_alike(known: Known) -> None:
    """Each way in which an answer is written, of the forms that are rendered; by default, and where more is asked."""
    planted = {row.key: truth for row, truth in known.planted() if truth["wording"] and truth["fault"] is None}
    assert {truth["wording"] for truth in planted.values()} == set(Wording)
    rows = [row for row in known.rows if row.key in planted]
    asked = AnswersSettings.model_validate({"render": {"list": True}, "default_reasoning": "final_only"})
    for settings, left in ((AnswersSettings(), WHERE_ASKED), (asked, ())):
        edits = {one.key: one.text for one in normalise_rows(rows, settings).edits}
        for row in rows:
            truth = planted[row.key]
            if truth["wording"] in (*NEVER_TOUCHED, *left):
                assert row.key not in edits, truth["wording"]
            else:
                assert edits.get(row.key) == truth["rendering"], truth["wording"]


def test_answers_that_are_in_one_rendering_stay(known: Known) -> None:
    sound = [row for row, truth in known.planted() if truth["fault"] is None and truth["wording"] is None]
    outcome = normalise_rows(sound, AnswersSettings(default_reasoning="strip"))
    assert not outcome.edits
    thought = {row.key for row in sound if any(message.reasoning for message in row.messages)}
    assert {one.key for one in outcome.facts} == thought and thought
