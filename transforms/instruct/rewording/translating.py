"""Rows in the other of two languages: all texts of a row in one request, all of them or none taken."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from transforms.conversations.document import Message, Text
from transforms.instruct.asking.request import Request
from transforms.instruct.asking.section import AskedStage, Replies
from transforms.instruct.chain.outcome import REASONING, Edit, Fact, Outcome
from transforms.instruct.folding import answers_again, placed_again, text_hash
from transforms.instruct.rewording.checks import Verdict, check_text, read_json
from transforms.instruct.rewording.rewriting import LANGUAGES
from transforms.instruct.rewording.segments import Segment, is_of_one_language, whole
from transforms.instruct.rewording.settings import TranslateSettings
from transforms.instruct.rows import Row
from transforms.keyed import hash64
from transforms.scripts import SCRIPT_OF
from transforms.stages import TRANSLATE

OTHER = {"en": "zh", "zh": "en"}
#: Above every keyed number: each row is taken.
ALL = 1 << 64
#: Forms of which the value says the same in both languages, or which of the choices it is.
_COMPARED = ("letter", "option", "yes_no", "number", "box")


def place_of(key: str, seed: int) -> int:
    """The keyed number by which rows are taken, the least first: below 2^64."""
    return hash64(seed, TRANSLATE.name, key)


@dataclass(frozen=True)
class Translating(AskedStage):
    """The stage ``translate``. ``below``: of each language that is translated from, the keyed number up to which rows
    are taken."""

    settings: TranslateSettings
    seed: int
    below: Mapping[str, int]
    above: int = 0  # and from which on

    def judge(self, rows: Sequence[Row], replies: Replies) -> Outcome:
        outcome = Outcome()
        for row in rows:
            for segments, request in self._asked(row):
                edits = self._edits(row, segments, request, replies)
                if any(one.verdict != "kept" for one in edits):
                    outcome.edits += edits
                elif self._keeps_both(row.key):
                    twin = self._twin(row, segments, [one.text for one in edits])
                    outcome.made.append(twin)
                    outcome.facts.append(Fact(row.key, pair=(twin.key, "translation")))
                else:
                    outcome.edits += edits
                    outcome.facts.append(Fact(row.key, language=OTHER[str(row.language)]))
        return outcome

    def _keeps_both(self, key: str) -> bool:
        return hash64(self.seed, "twins", key) < self.settings.twin_share * 2**64

    def _twin(self, row: Row, segments: Sequence[Segment], texts: Sequence[str]) -> Row:
        """Of the same group and split, as all that the stages before found out of the row holds of it too."""
        language = OTHER[str(row.language)]
        other = replace(_with(row, segments, texts), key=f"{row.key}~{language}", language=language)
        record = json.dumps({"translated": row.key, "by": self.server.by}, ensure_ascii=False)
        return placed_again(replace(answers_again(other), pair=(row.key, "translation"), source_record=record))

    def _asked(self, row: Row) -> Iterator[tuple[list[Segment], Request]]:
        language = str(row.language)
        if not self.above <= place_of(row.key, self.seed) < self.below.get(language, 0):
            return
        if not is_of_one_language(row) or not (segments := whole(row)):
            return
        texts = json.dumps([one.shielded.text for one in segments], ensure_ascii=False, indent=0)
        values = {"texts": texts, "source": LANGUAGES[language], "target": LANGUAGES[OTHER[language]]}
        yield segments, self._request(values)

    def _edits(self, row: Row, segments: Sequence[Segment], request: Request, replies: Replies) -> list[Edit]:
        """All with one verdict: the first that is not ``kept``."""
        found = read_json(replies(request.key), "texts")
        texts = [""] * len(segments)
        verdict: Verdict = "kept"
        if isinstance(found, str):
            verdict = cast(Verdict, found)
        elif not isinstance(found[0], list) or len(found[0]) != len(segments):
            verdict = "json"
        else:
            language = OTHER[str(row.language)]
            assert language in SCRIPT_OF
            bounds = self.settings.length.both
            checked = [
                check_text(one.text, one.shielded, said, language, bounds)
                for one, said in zip(segments, found[0], strict=True)
            ]
            texts = [text for text, _ in checked]
            verdict = next((one for _, one in checked if one != "kept"), "kept")
            if verdict == "kept" and not _answers_agree(row, _with(row, segments, texts)):
                verdict = "options"
        return [
            Edit(
                row.key,
                segment.message,
                segment.part,
                text,
                text_hash(segment.text),
                "translated",
                self.server.by,
                request.prompt,
                request.key,
                verdict,
            )
            for segment, text in zip(segments, texts, strict=True)
        ]


def _with(row: Row, segments: Sequence[Segment], texts: Sequence[str]) -> Row:
    messages = list(row.messages)
    for segment, text in zip(segments, texts, strict=True):
        message = messages[segment.message]
        messages[segment.message] = _said(message, segment.part, text)
    return replace(row, messages=tuple(messages))


def _said(message: Message, part: int, text: str) -> Message:
    if part == REASONING:
        return replace(message, reasoning=text)
    return replace(message, content=(*message.content[:part], Text(text), *message.content[part + 1 :]))


def _answers_agree(before: Row, after: Row) -> bool:
    """Whether short answers are still what they were: yes, the second of the choices, 7."""
    now = {one.message: one for one in answers_again(after).answers}
    for one in before.answers:
        other = now.get(one.message)
        if one.form in _COMPARED and (other is None or other.form != one.form or other.correct != one.correct):
            return False
        if one.form in ("yes_no", "letter", "box", "number") and other is not None and other.value != one.value:
            return False
    return True
