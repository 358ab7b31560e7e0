"""Rows of one part against the benchmarks: what of them is the same, by which evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from transforms import keyed
from transforms.batching import batched
from transforms.conversations.document import Message, Text
from transforms.instruct.chain.outcome import Fact, Outcome, SafetyFinding
from transforms.instruct.decontaminating.comparing import same_picture
from transforms.instruct.decontaminating.index import BenchmarkIndex
from transforms.instruct.decontaminating.items import bytes_of, name_key
from transforms.instruct.decontaminating.pictures import Picture, decoded, fine_distance, fine_hash, picture_of
from transforms.instruct.decontaminating.settings import DecontaminateSettings
from transforms.instruct.decontaminating.tiers import REASONS, Tier
from transforms.instruct.decontaminating.wording import hashed, holds, ngrams, sentence_hashes, tokens_of
from transforms.instruct.rows import Medium, Row
from transforms.rejects import Reject

_ROWS_AT_ONCE = 1_000  # whose words are held by themselves
_MOST_ASKED = 4  # images of one question, that a row which asks it too is compared with
_STRENGTH = {"drop": 0, "mark": 1, "count": 2}


class Finding(NamedTuple):
    """A row that shares something with question ``question`` of the index."""

    key: str
    tier: Tier
    question: int
    evidence: str


class Judge:
    """Asks an index of benchmarks about rows."""

    def __init__(self, index: BenchmarkIndex, settings: DecontaminateSettings) -> None:
        self._index = index
        self._settings = settings

    def __call__(self, rows: Sequence[Row]) -> list[Finding]:
        """Of each row at most one finding a tier, by the order of rows and the strength of evidence."""
        images = self._images(rows)
        texts: dict[str, list[Finding]] = {}
        for some in batched(rows, _ROWS_AT_ONCE):
            texts |= self._long_texts(some)
        checked: dict[tuple[bytes, int], str] = {}
        found: list[Finding] = []
        for row in rows:
            of_row = list(self._by_image(row, images)) or list(self._by_question(row, checked))
            of_row = [*of_row, *texts.get(row.key, ())]
            if len(of_row) > 1 and of_row[0].tier is Tier.QUESTION_ONLY:
                of_row = of_row[1:]
            found.extend(one for one in of_row if self._settings.action(one.tier) != "off")
        return found

    def outcome(self, findings: Sequence[Finding]) -> Outcome:
        """The strongest action that a row's findings ask for."""
        outcome = Outcome()
        by_row: dict[str, list[Finding]] = {}
        for finding in findings:
            by_row.setdefault(finding.key, []).append(finding)
        for key, of_row in by_row.items():
            strongest = min(of_row, key=lambda one: _STRENGTH[self._settings.action(one.tier)])
            action, label = self._settings.action(strongest.tier), self._index.label(strongest.question)
            if action == "drop":
                detail = f"question {label}: {strongest.evidence}"
                outcome.rejects.append(Reject(key, REASONS[strongest.tier], detail))
            elif action == "mark":
                kind = SafetyFinding(f"benchmark_{strongest.tier}", None, "marked")
                outcome.facts.append(Fact(key, safety=(kind,), conflicts=(label,)))
        return outcome

    def _by_image(self, row: Row, images: Mapping[bytes, list[tuple[int, str]]]) -> Iterator[Finding]:
        seen = [match for medium in row.media if medium.content_hash for match in images.get(medium.content_hash, ())]
        seen += [match for medium in row.media for match in self._by_name(medium)]
        if not seen:
            return
        turns = [hashed([tokens_of(_said(message))]).hashes for message in row.messages if message.role == "user"]
        for image, evidence in seen:
            for question in self._index.questions_of[image]:
                asked, length = int(self._index.questions[question]), int(self._index.tokens[question])
                if any(holds(turn, asked, length) for turn in turns):
                    what = f"its image ({evidence}) and its question"
                    yield Finding(row.key, Tier.SAME_IMAGE_AND_QUESTION, question, what)
                    return
        image, evidence = seen[0]
        yield Finding(row.key, Tier.SAME_IMAGE, self._index.questions_of[image][0], f"its image ({evidence})")

    def _by_name(self, medium: Medium) -> list[tuple[int, str]]:
        name = medium.uri if medium.offset is None and medium.uri else medium.member
        if not self._index.images_named or not name:
            return []
        named = self._index.images_named.get(keyed.hash64(name_key(name)), ())
        return [(image, "of the same name") for image in named]

    def _by_question(self, row: Row, checked: dict[tuple[bytes, int], str]) -> Iterator[Finding]:
        """``checked``: what came of comparing an image of a row with one of a benchmark, which it adds to."""
        for message in row.messages:
            hashes = sentence_hashes(_said(message), self._index.lengths) if message.role == "user" else ()
            asked = [one for known in sorted(hashes) for one in self._index.asking.get(known, ())]
            if not asked:
                continue
            seen = next((found for medium in row.media for found in self._asked_of(medium, asked, checked)), None)
            if seen is None:
                yield Finding(row.key, Tier.QUESTION_ONLY, min(asked), "its question, without its image")
            else:
                question = min(set(asked) & set(self._index.questions_of[seen[0]]))
                what = f"its image ({seen[1]}) and its question"
                yield Finding(row.key, Tier.SAME_IMAGE_AND_QUESTION, question, what)
            return

    def _asked_of(
        self, medium: Medium, asked: Sequence[int], checked: dict[tuple[bytes, int], str]
    ) -> Iterator[tuple[int, str]]:
        """The images of questions that a row asks too, looked for further away."""
        if not medium.perceptual_hash or not medium.content_hash:
            return
        looks, most = int.from_bytes(medium.perceptual_hash, "big"), self._settings.max_asked_hash_distance
        near = self._index.nearest_of(asked, looks, most, _MOST_ASKED, (medium.width or 1, medium.height or 1))
        new = [one for one in near if (medium.content_hash, one[1]) not in checked]
        if new:
            found = dict(self._confirmed(medium, new, parts=False))
            checked.update({(medium.content_hash, image): found.get(image, "") for _, image in new})
        for _, image in near:
            if how := checked[medium.content_hash, image]:
                yield image, how

    def _long_texts(self, rows: Sequence[Row]) -> dict[str, list[Finding]]:
        """By key of the row."""
        said = [(place, _said(message)) for place, row in enumerate(rows) for message in row.messages]
        tokens = hashed([tokens_of(text) for _, text in said])
        row_of = np.asarray([place for place, _ in said], np.int64)
        found: dict[str, list[Finding]] = {}
        lengths = {False: self._settings.text.ngram_words, True: self._settings.text.ngram_characters}
        for unspaced, table in self._index.ngrams.items():
            hashes, texts = ngrams(tokens, lengths[unspaced])
            place, question = table.shared(hashes)
            pairs = np.unique(np.stack([row_of[texts[place]], question, hashes[place].view(np.int64)]), axis=1)
            shared, counts = np.unique(pairs[:2], axis=1, return_counts=True)
            shares = counts / np.maximum(table.known[shared[1]], 1)
            for at in np.flatnonzero(shares >= self._settings.least_text_share).tolist():
                key, asked = rows[int(shared[0, at])].key, int(shared[1, at])
                what = f"{counts[at]} of the {table.known[asked]} n-grams of its text"
                found.setdefault(key, []).append(Finding(key, Tier.LONG_TEXT, asked, what))
        return {key: ones[:1] for key, ones in found.items()}

    def _images(self, rows: Sequence[Row]) -> dict[bytes, list[tuple[int, str]]]:
        """Of each image that is one of a benchmark's: which, and how that is known."""
        media: dict[bytes, Medium] = {}
        for row in rows:
            for medium in row.media:
                if medium.content_hash is not None:
                    media.setdefault(medium.content_hash, medium)
        found = {
            digest: [(self._index.image_of[digest], "the same bytes")]
            for digest in media
            if digest in self._index.image_of
        }
        looked = [(digest, one) for digest, one in media.items() if digest not in found and one.perceptual_hash]
        hashes = np.asarray([int.from_bytes(one.perceptual_hash or b"", "big") for _, one in looked], np.uint64)
        near = self._index.near(hashes, self._settings.max_hash_distance)
        for (digest, medium), candidates in zip(looked, near, strict=True):
            if candidates and (confirmed := self._confirmed(medium, candidates)):
                found[digest] = confirmed
        return found

    def _confirmed(
        self, medium: Medium, candidates: Sequence[tuple[int, int]], parts: bool = True
    ) -> list[tuple[int, str]]:
        image = decoded(bytes_of(medium))
        if image is None:
            return []
        picture = picture_of(image)
        return [
            (number, f"{bits} bits away, {how}")
            for bits, number in candidates
            if (how := self._how(picture, number, parts))
        ]

    def _how(self, picture: Picture, image: int, parts: bool) -> str:
        """How two pictures are found to be one; empty where they are not."""
        if self._index.has_pixels(image):
            same = same_picture(picture, self._index.picture(image), self._settings.max_difference, parts)
            return "the same pixels" if same else ""
        bits = fine_distance(fine_hash(picture), self._index.fine[image])
        return f"{bits} of 1024 bits in its fine hash" if bits <= self._settings.max_fine_distance else ""


def _said(message: Message) -> str:
    return "\n".join(part.text for part in message.content if isinstance(part, Text))
