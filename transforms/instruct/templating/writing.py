"""Rows of one part → the texts that templates give them. What does not qualify has no edit, and reads as before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from transforms import keyed
from transforms.conversations.document import Message, Part, Text, Video
from transforms.instruct.chain.outcome import Edit, edit
from transforms.instruct.rows import Answer, Row
from transforms.instruct.templating.banks import LANGUAGES, AnswerFormat, Banks, Written
from transforms.instruct.templating.formats import format_of, says_format
from transforms.instruct.templating.settings import TemplatesSettings
from transforms.instruct.templating.shared_strings import Said, question_of, said_in

#: Why nothing was written where something might have been.
NO_LANGUAGE, NO_BANK, SEVERAL_MEDIA = "left: of a language without templates", "left: no bank", "left: several media"


@dataclass
class Change:
    """What becomes of the turns of one row: new texts by turn, and what was done or left, counted."""

    texts: dict[int, Written] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Writer:
    """``common``: the share of each string that too many questions of a source are, by source and number."""

    settings: TemplatesSettings
    banks: Banks
    seed: int
    common: Mapping[tuple[str, int], float]

    def change(self, row: Row) -> Change:
        """The turns of a row that get another text."""
        change = Change()
        answers = {answer.message: answer for answer in row.answers}
        told: AnswerFormat | None = None  # what form the conversation has asked for last
        for place, message in enumerate(row.messages[:-1]):
            reply = row.messages[place + 1]
            if message.role != "user" or reply.role != "assistant" or not reply.train:
                continue
            text = _said(reply)
            if not any(isinstance(part, Text) and part.text.strip() for part in message.content):
                self._missing(change, row, place, text)
                told = None
                continue
            self._common(change, row, place)
            told = self._format(change, row, place, answers.get(place + 1), told)
        return change

    def _missing(self, change: Change, row: Row, place: int, answer: str) -> None:
        """An instruction where none stands: of the row's category, and for an answer as long as this one."""
        if not self.settings.missing:
            return
        media = [part for part in row.messages[place].content if not isinstance(part, Text)]
        language = row.language or ""
        if language not in LANGUAGES:
            change.done[NO_LANGUAGE] += 1
        elif len(media) != 1:
            change.done[SEVERAL_MEDIA] += 1
        elif fit := [one for one in self.banks.of_category(row.category, language) if one.fits(answer, language)]:
            key = f"{row.key}/{place}"
            bank = fit[keyed.hash64(self.seed, "bank", key) % len(fit)]
            kind = "video" if isinstance(media[0], Video) else "image"
            change.texts[place] = bank.instruction(language, kind, self.seed, key)
            change.done[f"missing: {bank.name}"] += 1
        else:
            change.done[NO_BANK] += 1

    def _common(self, change: Change, row: Row, place: int) -> None:
        """Another string in the place of a common one that a bank knows."""
        question = question_of(row.messages[place])
        if not question or not self.common or row.language not in LANGUAGES:
            return
        for said in said_in(question):
            if (row.source, said.number) in self.common and (found := self._other(said, row, place)):
                change.texts[place] = replace(found, text=_in_place(question, said, found.text))
                change.done[f"common: {found.by.partition('/')[0]}"] += 1
                return

    def _other(self, said: Said, row: Row, place: int) -> Written | None:
        language, key = row.language or "", f"{row.key}/{place}"
        bank = self.banks.standing_for(said.text, language, said.is_line)
        if bank is None:
            return None
        if said.is_line:
            return bank.phrase(language, self.seed, key)
        is_video = any(isinstance(part, Video) for part in row.messages[place].content)
        return bank.instruction(language, "video" if is_video else "image", self.seed, key)

    def _format(
        self, change: Change, row: Row, place: int, answer: Answer | None, told: AnswerFormat | None
    ) -> AnswerFormat | None:
        """What the conversation has asked for from here on. A form is told once, and again when it has changed."""
        question = question_of(row.messages[place])
        if answer is None or question is None or row.language not in LANGUAGES or place in change.texts:
            return None
        wanted = format_of(answer, question, _said(row.messages[place + 1]), row.language, bool(row.media))
        if wanted is None or says_format(question):
            return wanted
        if wanted in self.settings.formats and wanted != told and row.category != "captioning":
            bank = self.banks.of_format(wanted, row.language)
            if bank is not None:
                change.texts[place] = bank.told(question, row.language, self.seed, f"{row.key}/{place}")
                change.done[f"format: {wanted}"] += 1
        return wanted


def edits_of(row: Row, change: Change) -> list[Edit]:
    return [
        edit(row, place, text_place(row.messages[place]), written.text, "template", written.by)
        for place, written in sorted(change.texts.items())
    ]


def text_place(message: Message) -> int:
    """Where the text of a turn stands, or would."""
    return next((at for at, part in enumerate(message.content) if isinstance(part, Text)), len(message.content))


def changed(row: Row, change: Change) -> Row:
    """The row as it reads then."""
    messages = list(row.messages)
    for place, written in change.texts.items():
        content: list[Part] = list(messages[place].content)
        at = text_place(messages[place])
        content[at : at + 1] = [Text(written.text)]
        messages[place] = replace(messages[place], content=tuple(content))
    return replace(row, messages=tuple(messages))


def _in_place(question: str, said: Said, text: str) -> str:
    """The question with ``text`` where ``said`` stood, with the space around it as it was."""
    at = question.rindex(said.text)
    return question[:at] + text + question[at + len(said.text) :]


def _said(message: Message) -> str:
    return "".join(part.text for part in message.content if isinstance(part, Text))


def change_all(rows: Sequence[Row], writer: Writer) -> list[Change]:
    return [writer.change(row) for row in rows]
