"""Which kind of thing a sense of WordNet names: entity, attribute, scene, action, text or abstract.

Rare entities, attributes and scenes are what concept balance is for (https://arxiv.org/abs/2509.23661, section 3.1). A
lemma has one type a sense, since kitchen, stadium and street are artifacts to the lexicographers, a beach is an object
and a forest a group: places are told by what they are kinds of, the rest by the lexicographer's file (lexnames(5WN)).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from concept_vocab.wordnet.dictionary import Sense, SynsetId, WordNet

ConceptType = Literal["entity", "attribute", "scene", "action", "text", "abstract"]
TYPES: tuple[ConceptType, ...] = ("entity", "attribute", "scene", "action", "text", "abstract")

#: Types by what a noun is a kind of, as sense keys; the first whose roots lie above a synset wins.
_ROOTS: dict[ConceptType, tuple[str, ...]] = {
    "scene": (
        "room%1:06:00::",
        "building%1:06:00::",
        "way%1:06:00::",
        "geological_formation%1:17:00::",
        "body_of_water%1:17:00::",
        "tract%1:15:00::",
        "biome%1:14:00::",
        "vegetation%1:14:00::",
    ),
    "text": ("written_communication%1:10:00::", "sign%1:10:00::", "symbol%1:10:00::"),  # numerals are symbols
}
#: The same for the top of the hierarchy, noun.Tops, whose synsets the lexicographers' files do not tell apart.
_TOPS: dict[ConceptType, tuple[str, ...]] = {
    "entity": (
        "animal%1:03:00::",
        "plant%1:03:00::",
        "person%1:03:00::",
        "food%1:03:00::",
        "artifact%1:03:00::",
        "object%1:03:00::",
        "substance%1:03:00::",
    ),
    "attribute": ("attribute%1:03:00::", "shape%1:03:00::"),
    "action": ("act%1:03:00::", "event%1:03:00::"),
}
_TOPS_FILE = 3
_LOCATION_FILE = 15
#: By lexicographer's file of nouns: act 4, animal 5, artifact 6, attribute 7, body 8, event 11, food 13, object 17,
#: person 18, plant 20, shape 25, substance 27.
_BY_FILE: dict[int, ConceptType] = {
    4: "action",
    5: "entity",
    6: "entity",
    7: "attribute",
    8: "entity",
    11: "action",
    13: "entity",
    17: "entity",
    18: "entity",
    20: "entity",
    25: "attribute",
    27: "entity",
    _LOCATION_FILE: "scene",
}
_BY_PART_OF_SPEECH: dict[str, ConceptType] = {"v": "action", "a": "attribute", "r": "abstract"}
_ORDER = "nvar"  # of parts of speech where no sense was ever tagged: what an image shows is mostly called by a noun


class Typed(NamedTuple):
    """The type of a lemma's most frequent sense, and how much of its use the senses of that type have."""

    type: ConceptType
    share: float  # of tagged occurrences, each sense counted once more than it was seen
    types: tuple[ConceptType, ...]  # of all senses, the one taken first
    is_named: bool  # its most frequent sense is an instance: Paris


class SenseTypes:
    """Types of synsets, looked up by what lies above them once."""

    def __init__(self, wordnet: WordNet) -> None:
        self._wordnet = wordnet
        self._roots = {wordnet.keys[key]: kind for kind, keys in _ROOTS.items() for key in keys if key in wordnet.keys}
        self._tops = {wordnet.keys[key]: kind for kind, keys in _TOPS.items() for key in keys if key in wordnet.keys}
        self._above: dict[SynsetId, frozenset[SynsetId]] = {}

    def of_lemma(self, form: str) -> Typed | None:
        """By its most frequent sense in cntlist; None for what is no lemma. ``form`` is normalised."""
        senses = self._wordnet.senses.get(form)
        if not senses:
            return None
        ordered = by_frequency(senses)
        types = [self.of_synset(sense.synset) for sense in ordered]
        weights = [sense.tag_count + 1 for sense in ordered]
        share = sum(w for w, kind in zip(weights, types, strict=True) if kind == types[0]) / sum(weights)
        is_named = self._wordnet.synsets[ordered[0].synset].is_instance
        return Typed(types[0], share, tuple(dict.fromkeys(types)), is_named)

    def of_synset(self, synset_id: SynsetId) -> ConceptType:
        synset = self._wordnet.synsets[synset_id]
        if synset_id[0] != "n":
            return _BY_PART_OF_SPEECH[synset_id[0]]
        if synset.is_instance:
            return "entity"  # named, a place too
        above = self._with_above(synset_id)
        found = {self._roots[one] for one in above if one in self._roots}
        for kind in _ROOTS:
            if kind in found:
                return kind
        if synset.lexicographer_file == _TOPS_FILE:
            found = {self._tops[one] for one in above if one in self._tops}
            return next((kind for kind in _TOPS if kind in found), "abstract")
        return _BY_FILE.get(synset.lexicographer_file, "abstract")

    def _with_above(self, synset_id: SynsetId) -> frozenset[SynsetId]:
        """It and all that it is a kind of."""
        if synset_id in self._above:
            return self._above[synset_id]
        found: set[SynsetId] = set()
        waiting = [synset_id]
        while waiting:
            one = waiting.pop()
            if one not in found and one in self._wordnet.synsets:
                found.add(one)
                waiting.extend(self._wordnet.synsets[one].above)
        self._above[synset_id] = frozenset(found)
        return self._above[synset_id]


def by_frequency(senses: Iterable[Sense]) -> list[Sense]:
    """The most frequent first: by cntlist, then, as most were never tagged, nouns before verbs, by number."""
    return sorted(senses, key=lambda one: (-one.tag_count, _ORDER.index(one.synset[0]), one.number))
