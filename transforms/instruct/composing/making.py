"""Known answers of one part → rows about several of its pictures, each used once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from transforms import keyed
from transforms.conversations.document import Image, Message, Part, Text
from transforms.instruct.answers.reading import read_answers
from transforms.instruct.composing.known import Known, known_of, pools
from transforms.instruct.composing.settings import ComposeSettings
from transforms.instruct.composing.wording import Task, Wording, numbers, picture, yes_or_no
from transforms.instruct.rows import Row

_LEAST_ORDERED = 3  # two in an order are compared


class Composer:
    """``prefix``: source and part, under which keys are new."""

    def __init__(self, settings: ComposeSettings, wording: Wording, seed: int, prefix: str) -> None:
        self._settings, self._wording, self._seed, self._prefix = settings, wording, seed, prefix

    def rows(self, rows: Sequence[Row], known: Sequence[Row]) -> list[Row]:
        """At most the share of ``rows`` that is asked for, in the order of their keyed numbers. Made of ``known``: rows
        of which no stage has said anything that would have to be said of the new one too."""
        made: list[tuple[int, Row]] = []
        for _, pool in pools(known_of(known)):
            made += [(self._number("row", one.key), one) for one in self._of_pool(pool)]
        most = int(self._settings.share * len(rows))
        return [row for _, row in sorted(made, key=lambda one: (one[0], one[1].key))[:most]]

    def _number(self, purpose: str, key: str) -> int:
        return keyed.hash64(self._seed, "compose", purpose, key)

    def _of_pool(self, pool: Sequence[Known]) -> list[Row]:
        """Each picture's answer is used once: by a lead, and by those that its task takes beside it. Leads come by
        their keyed numbers, and by these stand the answers of each value, the next one last."""
        by_value: dict[str, list[Known]] = {}
        order = sorted(pool, key=lambda one: (self._number("lead", one.row.key), one.row.key))
        for one in reversed(order):
            by_value.setdefault(one.value, []).append(one)
        made: list[Row] = []
        used: set[bytes] = set()
        for lead in order:
            if lead.picture in used:
                continue
            by_value[lead.value].pop()
            for task in sorted(self._settings.tasks, key=lambda task: self._number(task, lead.row.key)):
                if values := self._beside(task, lead, by_value):
                    together = [lead, *(by_value[value].pop() for value in values)]
                    used.update(one.picture for one in together)
                    made.append(self._made(task, together))
                    break
        return made

    def _beside(self, task: Task, lead: Known, by_value: Mapping[str, Sequence[Known]]) -> list[str]:
        """The values of which a task takes an answer each, of those that are left; none where they do not suffice."""
        others = [value for value, left in by_value.items() if value != lead.value and left]
        others.sort(key=lambda value: self._number(value, lead.row.key))
        if task == "compare":
            same = [lead.value] if by_value[lead.value] else []
            wishes = (same, others) if self._number("same", lead.row.key) % 2 else (others, same)
            return (wishes[0] or wishes[1])[:1]
        least = _LEAST_ORDERED if task == "order" else self._settings.min_images
        most = self._settings.max_images
        if most < least or (task == "order" and lead.number is None):
            return []
        wanted = least - 1 + self._number("images", lead.row.key) % (most - least + 1)
        each = 1 if task == "order" else wanted  # to find one, others may be alike
        found = [value for depth in range(each) for value in others if len(by_value[value]) > depth][:wanted]
        return found if len(found) >= least - 1 else []

    def _made(self, task: Task, together: Sequence[Known]) -> Row:
        """``together``: the lead, whose answer find looks for, and the others."""
        lead = together[0]
        shown = sorted(together, key=lambda one: (self._number("place", one.row.key + lead.row.key), one.row.key))
        members = [one.row.key for one in shown]
        key = f"{self._prefix}/{task}-{keyed.hash64(task, *members):016x}"
        language = lead.ask.language
        values = {"question": lead.ask.question, "value": lead.text}
        question, template = self._wording.question(task, language, values, self._seed, key)
        content: tuple[Part, ...] = (*(Image(place) for place in range(len(shown))), Text(question))
        messages = (Message("user", content), Message("assistant", (Text(_answer(task, lead, shown)),)))
        made_of = {
            "composed": task,
            "template": template,
            "of": members,
            "licences": sorted({_licence(one) for one in shown}),
        }
        return replace(
            lead.row,
            key=key,
            source_key=None,
            messages=messages,
            media=tuple(one.row.media[0] for one in shown),
            regions=(),
            answers=read_answers(messages, ()),
            category=self._settings.category,
            category_by=f"compose:{task}",
            model_terms=tuple(sorted({term for one in shown for term in one.row.model_terms})),
            pair=(members[0], f"composed_{task}"),
            source_record=json.dumps(made_of, ensure_ascii=False),
        )


def _licence(known: Known) -> str:
    return known.row.licence_data or "unknown"


def _answer(task: Task, lead: Known, shown: Sequence[Known]) -> str:
    """What follows from the known answers."""
    language = lead.ask.language
    if task == "find":
        (place,) = (place for place, one in enumerate(shown) if one.value == lead.value)
        return picture(place, language)
    if task == "compare":
        return yes_or_no(len({one.value for one in shown}) == 1, language)
    ranked = sorted(range(len(shown)), key=lambda place: shown[place].number or 0)
    return numbers(ranked, language)
