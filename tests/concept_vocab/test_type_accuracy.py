"""How often types of hidden lemmas are right."""

from __future__ import annotations

from concept_vocab.concept_types import ConceptTyped
from concept_vocab.type_accuracy import Accuracy, MethodAccuracy, hide, is_held_out, measure, weigh
from tests.concept_vocab.wordnet.tiny_wordnet import tiny

WORDNET = tiny()


def test_accuracy_adds_up() -> None:
    outcomes = hide(WORDNET)
    accuracy = measure(outcomes)
    assert accuracy.hidden == sum(map(is_held_out, WORDNET.senses)) == len(outcomes)
    for table in (accuracy.by_method, accuracy.by_type):
        assert all(one.right <= one.typed for one in table.values())
    typed = [sum(one.typed for one in table.values()) for table in (accuracy.by_method, accuracy.by_type)]
    assert typed[0] == typed[1] == sum(one.method is not None for one in outcomes) <= accuracy.hidden


def test_confidence_is_weighed_by_what_was_measured() -> None:
    accuracy = Accuracy(10, {"head": MethodAccuracy(4, 3)}, {})
    found = ConceptTyped("entity", "head", 0.5, ("entity",))
    assert weigh(found, accuracy).confidence == 0.375
    assert weigh(found._replace(method="wordnet"), accuracy).confidence == 0.5
    assert weigh(found._replace(confidence=None), accuracy).confidence is None
    nearer = accuracy.with_nearest(MethodAccuracy(2, 1))
    assert weigh(found._replace(method="nearest"), nearer).confidence == 0.25
