"""The gate: rows in, what may not pass out of them. It can be asked again of texts that a later stage wrote."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property

import pyarrow as pa

from transforms.filtering.blocked_words import BlockedWords, read_blocked_words
from transforms.instruct.chain.outcome import Edit, Fact, Outcome, SafetyFinding, edit
from transforms.instruct.rows import Row
from transforms.instruct.safety.masking import masked, texts_of
from transforms.instruct.safety.media_gate import MediaGate, Seen
from transforms.instruct.safety.personal_data import KINDS, find_personal
from transforms.instruct.safety.settings import SafetySettings
from transforms.rejects import Reason, Reject
from transforms.scripts import SCRIPT_OF
from transforms.stages import SAFETY

_log = logging.getLogger(__name__)


class SafetyGate:
    """Made of settings alone; lists and encoder are loaded when they are first needed, by each worker for itself."""

    def __init__(self, settings: SafetySettings) -> None:
        self.settings = settings

    def __getstate__(self) -> dict[str, object]:
        return {"settings": self.settings}

    def judge(self, rows: Sequence[Row]) -> Outcome:
        """Of the media and texts of rows. Raises InputError for media that cannot be read any more."""
        seen = self._media.look(rows)
        stopped = [reject for row in rows if (reject := _stopped(row, seen.lists_of(row)))]
        keys = {reject.key for reject in stopped}
        outcome = self._judge([row for row in rows if row.key not in keys], seen)
        outcome.rejects += stopped
        return outcome

    def judge_texts(self, rows: Sequence[Row]) -> Outcome:
        """Of texts alone: what a later stage wrote over them shows no other media."""
        return self._judge(rows, Seen())

    def _judge(self, rows: Sequence[Row], seen: Seen) -> Outcome:
        outcome = Outcome()
        for row, words in zip(rows, self._blocked(rows), strict=True):
            found, edits = self._personal(row)
            found += [SafetyFinding("blocked_word", None, self.settings.blocked_words.action)] if words else []
            found += self._unsafe(seen.scores_of(row))
            if dropped := [one for one in found if one.action == "drop"]:
                outcome.rejects.append(
                    Reject(row.key, _REASONS.get(dropped[0].kind, Reason.PERSONAL_DATA), dropped[0].kind)
                )
                continue
            outcome.edits += edits
            if found:
                done = tuple(one._replace(action=_DONE[one.action]) for one in found)
                outcome.facts.append(Fact(row.key, safety=done))
        return outcome

    def _personal(self, row: Row) -> tuple[list[SafetyFinding], list[Edit]]:
        """What was found in a row's texts, and what is to stand there."""
        actions = {kind: getattr(self.settings.personal, kind) for kind in KINDS}
        kinds = [kind for kind, action in actions.items() if action != "off"]
        findings: list[SafetyFinding] = []
        edits: list[Edit] = []
        for placed in texts_of(row):
            found = find_personal(placed.text, kinds, self.settings.personal.regions, placed.is_code)
            findings += [SafetyFinding(one.kind, None, actions[one.kind]) for one in found]
            if covered := [one for one in found if actions[one.kind] == "mask"]:
                text = masked(placed.text, covered)
                edits.append(edit(row, placed.message, placed.part, text, "masked", SAFETY.name))
        return findings, edits

    @cached_property
    def _words(self) -> dict[str, BlockedWords]:
        paths = self.settings.blocked_words.paths
        return {language: BlockedWords(read_blocked_words(path)) for language, path in sorted(paths.items())}

    def _blocked(self, rows: Sequence[Row]) -> list[bool]:
        """Whether each row holds a blocked word, of a list that is meant for it."""
        found = [False] * len(rows)
        if not self._words or not rows:
            return found
        owners, texts = [], []
        for place, row in enumerate(rows):
            for placed in texts_of(row):
                owners.append(place)
                texts.append(placed.text)
        for language, words in self._words.items():
            for place, hit in zip(owners, words.occur_in(pa.array(texts, pa.string())).to_pylist(), strict=True):
                found[place] |= hit and _is_meant(language, rows[place].language)
        return found

    def _unsafe(self, scores: Sequence[float]) -> list[SafetyFinding]:
        settings = self.settings.unsafe_images
        if settings is None:
            return []
        return [SafetyFinding("unsafe_image", one, settings.action) for one in scores if one >= settings.threshold]

    @cached_property
    def _media(self) -> MediaGate:
        return MediaGate(self.settings)


def _stopped(row: Row, lists: Sequence[str]) -> Reject | None:
    """Nothing is said of a medium but the list; when it was met goes to the log, since files are to be the same
    whenever they are made."""
    if not lists:
        return None
    names = ", ".join(lists)
    _log.warning("listed: %s, %s, %s", row.key, names, datetime.now(UTC).isoformat(timespec="seconds"))
    return Reject(row.key, Reason.LISTED_MEDIUM, f"on the list {names}")


_REASONS = {"blocked_word": Reason.BLOCKED_WORD, "unsafe_image": Reason.UNSAFE_IMAGE}
_DONE = {"mask": "masked", "mark": "marked", "drop": "dropped"}


def _is_meant(language: str, told: str | None) -> bool:
    """A word of one language may be a harmless one of another, but hardly of another script."""
    return told is None or told == language or SCRIPT_OF.get(told) != SCRIPT_OF.get(language)
