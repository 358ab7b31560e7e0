"""What a row asks and answers, so written that wordings which say the same are equal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from transforms.conversations.document import Message, Text
from transforms.instruct.rows import Answer, Row

#: Sentences that ask for a form of answer and nothing else: those of LLaVA-1.5 (arXiv:2310.03744, table 7), of
#: VLMEvalKit's prompts for choices and yes or no (https://github.com/open-compass/VLMEvalKit, vlmeval/dataset), and
#: what Chinese sets say in their place.
_FORMATS = (
    r"(?:please )?answer (?:the question )?(?:using|with|in) (?:only )?(?:a|one) (?:single )?word"
    r"(?: or (?:short )?phrase)?",
    r"(?:please )?answer with the (?:option'?s? letter|letter of the (?:correct )?(?:option|choice))"
    r"(?: from the given choices)?(?: directly)?",
    r"(?:please )?select the correct answer from the options above",
    r"(?:please )?answer (?:the question )?(?:with )?(?:only )?yes or no",
    r"(?:please )?(?:give|provide) a (?:short|brief)(?: and direct)? (?:answer|response)",
    r"请?用一个(?:单)?词(?:语)?或(?:者)?(?:短语|词组)(?:来)?回答(?:这个|该)?(?:问题)?",
    r"请?直接(?:回答|给出|输出)(?:正确)?选项(?:的|对应的)?字母",
    r"请?从(?:给定|上述|以上)(?:的)?选项中选出正确(?:的)?(?:答案|选项)",
    r"请?(?:只|仅)?(?:回答|用)[“\"]?是[”\"]?(?:或|还是)[“\"]?(?:否|不是)[”\"]?(?:回答)?",
    r"请?(?:简短|简要)(?:地)?回答",
)
#: What stands before a question and says no more than that one follows.
_OPENINGS = (
    r"(?:please )?answer(?: the (?:following )?question)?\s*[:：]|question\s*[:：]|"
    r"请回答(?:下面的|以下)?(?:问题)?\s*[:：]|问题?\s*[:：]"
)

_OPENING = re.compile(rf"^\s*(?:{_OPENINGS})\s*", re.IGNORECASE)
_SENTENCE_MARK = re.compile(r"[,;:!?.…]+(?=\s|$)|[。，；：！？、“”‘’\"]+")
_ENDING_MARKS = ",;:!?."  # those of _SENTENCE_MARK in ASCII, before white space
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_LETTERS = re.compile(r"[A-Za-z]+")
BOX = "\u25a1"  # stands where a box is written, whose numbers depend on the source's convention
TURN = "\n"  # between questions, and between answers: nowhere else in them
_WITHOUT_FOLDING = ("code", "formula")  # x and X are two things


@dataclass(frozen=True)
class Wording:
    """``question``: all that is asked, a line a turn, but not in which form to answer; ``asked``: the same with the
    system prompt and tools, which may ask for another answer; ``answer``: a line an answer. ``boxes``: (n, 4) of what
    BOX stands for, in parts of the picture."""

    question: str
    asked: str
    answer: str
    forms: tuple[str, ...]
    boxes: tuple[tuple[float, ...], ...]

    @cached_property
    def numbers(self) -> str:
        """Those of question and answer in their order."""
        return TURN.join(" ".join(_NUMBER.findall(text)) for text in (self.question, self.answer))

    @property
    def is_han(self) -> bool:
        """More Chinese characters than Latin words' letters, five of which are about a word."""
        text = self.question or self.answer
        if text.isascii():
            return False
        return sum(map(len, _HAN.findall(text))) * 5 > sum(map(len, _LETTERS.findall(text)))


def wording(row: Row, phrases: Sequence[str] = ()) -> Wording:
    """``phrases`` are left out of questions, with the sentences that are known to ask only for a form."""
    boxes = _boxes_of(row)
    answers = {answer.message: answer for answer in row.answers}
    asked, questions, said, forms = [row.tools] if row.tools else [], [], [], []
    for index, message in enumerate(row.messages):
        text = _text(message, [box for box in boxes if box.message == index])
        if message.role == "assistant":
            said.append(_answer(text, answers.get(index)))
            forms.append(answers[index].form if index in answers else "free")
            continue
        question = normalised(without_format(text, tuple(phrases)))
        asked.append(f"{message.role}:{question}")
        if message.role != "system":
            questions.append(question)
    return Wording(
        TURN.join(questions).strip(TURN),
        TURN.join(asked).strip(TURN),
        TURN.join(said),
        tuple(forms),
        tuple(_in_parts(row, box) for box in boxes),
    )


def normalised(text: str, fold: bool = True) -> str:
    """In one Unicode form and one line, without marks that end sentences; ``fold``: in small letters."""
    text = unicodedata.normalize("NFKC", text)
    text = text.casefold() if fold else text
    if text.isascii() and '"' not in text:
        return " ".join(filter(None, [word.rstrip(_ENDING_MARKS) for word in text.split()]))
    return " ".join(_SENTENCE_MARK.sub(" ", text).split())


def without_format(text: str, phrases: tuple[str, ...] = ()) -> str:
    """A question without the sentences that only ask for a form of answer; what is nothing else stays."""
    shorter = _OPENING.sub("", _formats(phrases).sub("\n", text))
    return shorter if shorter.strip() else text


@lru_cache(maxsize=8)
def _formats(phrases: tuple[str, ...]) -> re.Pattern[str]:
    own = (re.escape(phrase.strip().rstrip(".。!！")) for phrase in phrases)
    return re.compile(
        rf"(?:^|(?<=[\s.?!。？！,，:：]))(?:{'|'.join((*own, *_FORMATS))})\s*(?:[.。!！]|$|(?=\n))", re.I | re.M
    )


@dataclass(frozen=True)
class _Box:
    message: int
    part: int
    start: int
    end: int
    media: int
    xy: tuple[float, ...]


def _boxes_of(row: Row) -> list[_Box]:
    """Those that stand in texts, in their order."""
    found = [_Box(o.message, o.part, o.start, o.end, o.media, o.xy) for o in row.regions if o.start >= 0]
    return sorted(found, key=lambda box: (box.message, box.part, box.start))


def _in_parts(row: Row, box: _Box) -> tuple[float, ...]:
    medium = row.media[box.media]
    width, height = medium.width or 1, medium.height or 1
    return tuple(edge / (height if at % 2 else width) for at, edge in enumerate(box.xy))


def _text(message: Message, boxes: Sequence[_Box] = ()) -> str:
    texts = []
    for place, part in enumerate(message.content):
        if isinstance(part, Text):
            text = part.text
            for box in reversed([box for box in boxes if box.part == place]):
                text = f"{text[: box.start]}{BOX}{text[box.end :]}"
            texts.append(text)
    return " ".join(texts)


def _answer(text: str, answer: Answer | None) -> str:
    """A value where it has one: "B" to a question that offers owls as B says owl."""
    if answer is None or answer.value is None or BOX in text:
        return normalised(text, fold=answer is None or answer.form not in _WITHOUT_FOLDING)
    if answer.form == "letter" and answer.choices and answer.correct:
        return " ".join(normalised(answer.choices[place]) for place in answer.correct)
    if answer.form == "number" and (number := _NUMBER.search(answer.value)):
        return _plain(number[0], answer.value)
    if answer.form in ("letter", "option", "yes_no"):
        return normalised(answer.value)
    return normalised(text, fold=answer.form not in _WITHOUT_FOLDING)


def _plain(digits: str, value: str) -> str:
    """Without its unit, which the question asks for, and without zeros that say nothing."""
    shorter = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"-{shorter}" if "-" in value.partition(digits)[0] else shorter
