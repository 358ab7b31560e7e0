"""Questions of benchmarks in the other of two languages, as a server translates them: canaries of the certificate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

from transforms.conversations.document import Message, Text
from transforms.instruct.asking.section import AskedStage, Replies
from transforms.instruct.chain.outcome import text_at
from transforms.instruct.decontaminating.canaries import Asked
from transforms.instruct.decontaminating.wording import is_unspaced, tokens_of
from transforms.instruct.rows import Row
from transforms.instruct.schema import KEPT


class Translations(NamedTuple):
    """``asked``: how many questions. ``texts``: by a question, the same in the other language. ``refused``: how many
    were not taken, by the reason."""

    by: str
    asked: int
    texts: Mapping[str, str]
    refused: Mapping[str, int]

    @classmethod
    def of(cls, stage: AskedStage, sample: Sequence[Asked], replies: Replies) -> Self:
        """``stage``: what puts rows into the other language, and looks whether its replies may stand."""
        questions = {row.key: text_at(row, 0, 0) for row in as_rows(sample)}
        edits = stage.judge(list(as_rows(sample)), replies).edits  # one of each question that has words
        texts = {questions[edit.key]: edit.text for edit in edits if edit.verdict == KEPT}
        refused = Counter(edit.verdict for edit in edits if edit.verdict != KEPT)
        return cls(stage.server.by, len(edits), texts, dict(sorted(refused.items())))

    def told(self) -> dict[str, Any]:
        """For the certificate, which holds no text of a benchmark."""
        return {"by": self.by, "asked": self.asked, "taken": len(self.texts), "refused": dict(self.refused)}


def as_rows(sample: Sequence[Asked]) -> Iterator[Row]:
    """Each question once, as a row of the language that it is in."""
    for number, question in enumerate(dict.fromkeys(asked.question for asked in sample)):
        language = "zh" if is_unspaced(tokens_of(question)) else "en"
        yield Row(f"canary/{number}", "canary", (Message("user", (Text(question),)),), language=language)
