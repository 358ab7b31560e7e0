from __future__ import annotations

import pytest

from tests.transforms.instruct.said import row
from transforms.conversations.document import Text
from transforms.errors import ConfigError
from transforms.instruct.answers.normalising import normalise_rows
from transforms.instruct.answers.settings import AnswersSettings
from transforms.instruct.chain.outcome import edits_table, facts_table
from transforms.instruct.folding import fold, fold_facts
from transforms.instruct.rows import Answer, Row, from_table, to_table
from transforms.instruct.settings import InstructSource

THOUGHT = row("u:Which?\nA. cat\nB. dog", "a:<think>It barks.</think>It barks. The answer is B.", key="deep/p/0")


def after(one: Row, settings: AnswersSettings) -> Row:
    """As the stages behind read it."""
    outcome = normalise_rows([one], settings)
    assert not outcome.rejects
    table = fold(to_table([one]), [("answers", edits_table(outcome.edits))])
    return fold_facts(from_table(table), [facts_table([one.key], outcome.facts)])[0]


def test_thoughts_by_source() -> None:
    kept = after(THOUGHT, AnswersSettings())
    assert kept == THOUGHT
    stripped = after(THOUGHT, AnswersSettings(reasoning={"deep": "strip"})).messages[1]
    assert (stripped.reasoning, stripped.content, stripped.train) == (None, THOUGHT.messages[1].content, True)
    final = after(THOUGHT, AnswersSettings(reasoning={"deep": "final_only"})).messages[1]
    assert (final.reasoning, final.content) == (None, (Text("B"),))
    assert after(THOUGHT, AnswersSettings(reasoning={"deep": "keep"}, default_reasoning="strip")) == THOUGHT


def test_answers_are_edited_and_the_original_stays() -> None:
    asked = row("u:Is it?", "a:yes.", "u:Which?\n(A) x (B) y", "a:(B)", "u:Tell.", "a:It is so.")
    outcome = normalise_rows([asked], AnswersSettings())
    assert [(one.message, one.text, one.origin) for one in outcome.edits] == [
        (1, "Yes", "normalised"),
        (3, "B", "normalised"),
    ]
    assert not outcome.facts


def test_answers_that_are_all_accepted_are_no_choices() -> None:
    asked = row("u:What?", "a:a dog.")
    accepted = Answer(1, "free", None, ("A dog", "a dog."), (0, 1))
    assert not normalise_rows([Row("k", "s", asked.messages, answers=(accepted,))], AnswersSettings()).edits
    offered = Answer(1, "option", "A dog", ("A dog", "A cat"), (0,))
    assert normalise_rows([Row("k", "s", asked.messages, answers=(offered,))], AnswersSettings()).edits


def test_a_source_that_is_none_is_an_error() -> None:
    with pytest.raises(ConfigError, match="names deep"):
        AnswersSettings(reasoning={"deep": "strip"}).check([InstructSource(name="s", path="a.json")])
