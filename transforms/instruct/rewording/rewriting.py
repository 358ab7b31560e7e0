"""Questions in other words, one request each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transforms.instruct.asking.request import Request
from transforms.instruct.asking.section import AskedStage, Replies
from transforms.instruct.chain.outcome import Edit, Outcome
from transforms.instruct.folding import text_hash
from transforms.instruct.rewording.checks import check_text, read_json
from transforms.instruct.rewording.segments import Segment, questions
from transforms.instruct.rewording.settings import RewriteSettings
from transforms.instruct.rows import Row
from transforms.keyed import hash64
from transforms.scripts import SCRIPT_OF

#: What prompts call the languages that are written anew; rows of others keep their questions.
LANGUAGES = {"en": "English", "zh": "Chinese"}


@dataclass(frozen=True)
class Rewriting(AskedStage):
    """The stage ``rewrite``."""

    settings: RewriteSettings
    seed: int

    def judge(self, rows: Sequence[Row], replies: Replies) -> Outcome:
        return Outcome(
            edits=[self._edit(row, segment, request, replies) for row in rows for segment, request in self._asked(row)]
        )

    def _asked(self, row: Row) -> Iterator[tuple[Segment, Request]]:
        if row.language not in LANGUAGES or hash64(self.seed, "rewrite", row.key) >= self.settings.share * 2**64:
            return
        for segment in questions(row):
            values = {"text": segment.shielded.text, "language": LANGUAGES[row.language]}
            yield segment, self._request(values)

    def _edit(self, row: Row, segment: Segment, request: Request, replies: Replies) -> Edit:
        found = read_json(replies(request.key), "text")
        if isinstance(found, str):
            text, verdict = "", found
        else:
            assert row.language in SCRIPT_OF
            text, verdict = check_text(
                segment.text, segment.shielded, found[0], str(row.language), self.settings.length.both
            )
        return Edit(
            row.key,
            segment.message,
            segment.part,
            text,
            text_hash(segment.text),
            "rewritten",
            self.server.by,
            request.prompt,
            request.key,
            verdict,
        )


def verdicts(outcome: Outcome) -> Counter[str]:
    return Counter(one.verdict for one in outcome.edits)
