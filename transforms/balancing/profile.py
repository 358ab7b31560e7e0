"""What selections prefer beside concepts: common concepts that rare ones carry, long captions, images of many concepts.

Counted in the last pass, of the corpus, of the baselines, and of what was selected.

Shape legend: N rows, K concepts an image, V concepts, S strata that are named, L selections, the corpus first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.balancing.baselines import BASELINES
from transforms.balancing.concept_ids import Ids, concept_hits
from transforms.balancing.hits import Hits
from transforms.balancing.measures import band_coverage
from transforms.balancing.sampling import Ints

#: The selections, by the names that the certificate gives them.
SELECTIONS = ("corpus", "random", *BASELINES[1:], "selected")

_HEAD_SHARE, _TAIL_SHARE = 0.1, 1 / 3  # of the concepts that the corpus holds: its commonest tenth, its rarest third
_OCTAVES = 20  # of characters: captions of 2^19 and more count as one
_MOST_CELLS = 1 << 21  # 16 MB: with more concepts, strata are not looked at one by one


class Ends(NamedTuple):
    """The commonest and the rarest concepts, (V+1,) each; the last slot is for id -1."""

    head: NDArray[np.bool_]
    tail: NDArray[np.bool_]

    @classmethod
    def of(cls, counts: Ints) -> Self:
        """By the (V,) images of each concept; of equally many, the one of lesser id is commoner."""
        present = np.flatnonzero(counts)
        order = present[np.argsort(-counts[present], kind="stable")]
        head, tail = np.zeros((2, len(counts) + 1), np.bool_)
        head[order[: max(1, round(_HEAD_SHARE * len(order)))]] = True
        tail[order[len(order) - int(_TAIL_SHARE * len(order)) :]] = True
        return cls(head, tail)


def caption_lengths(captions: pa.ChunkedArray) -> Ints:
    """(N,) characters; 0 without a caption."""
    return np.asarray(pc.fill_null(pc.utf8_length(captions), 0).to_numpy(), np.int64)


@dataclass
class Profile:
    """Adds up in place, exactly and in any order."""

    head: Ints  # (L, 2) occurrences of head concepts, and those on images that hold a tail one too
    characters: Ints  # (L,) of captions
    by_octave: Ints  # (L, _OCTAVES) copies by length of the caption: none, 1, 2 to 3, 4 to 7 …
    by_concepts: Ints  # (L, K+1) copies by number of concepts
    by_stratum: Ints  # (L, S, V) copies of each concept, of a shard its hits; S is 0 where strata are not looked at

    @classmethod
    def of(cls, copies: Sequence[Ints], ids: Ids, lengths: Ints, strata: Ints, n_strata: int, ends: Ends) -> Self:
        """Of a shard: (L,) × (N,) copies of rows with (N, K) ids, captions of (N,) lengths, in (N,) strata, of which
        ``n_strata`` are named; one alone is the corpus."""
        concepts = (ids >= 0).sum(axis=1)
        head = ends.head[ids].sum(axis=1)
        carried = head * ends.tail[ids].any(axis=1)
        octave = np.minimum(np.frexp(lengths)[1], _OCTAVES - 1)
        return cls(
            np.array([(each @ head, each @ carried) for each in copies], np.int64),
            np.array([each @ lengths for each in copies], np.int64),
            np.stack([_counted(octave, each, _OCTAVES) for each in copies]),
            np.stack([_counted(concepts, each, ids.shape[1] + 1) for each in copies]),
            _by_stratum(copies, ids, strata, n_strata, len(ends.head) - 1).to_add(),
        )

    def empty(self) -> Self:
        """A sum of nothing, of the same shapes."""
        return type(self)(*(np.zeros(getattr(self, one.name).shape, np.int64) for one in fields(self)))

    def __iadd__(self, other: Profile) -> Self:
        self.head += other.head
        self.characters += other.characters
        self.by_octave += other.by_octave
        self.by_concepts += other.by_concepts
        self.by_stratum += other.by_stratum
        return self

    def figures(self) -> dict[str, dict[str, Any]]:
        """Of each selection, by its name."""
        found = {}
        for number, name in enumerate(SELECTIONS):
            copies = max(int(self.by_concepts[number].sum()), 1)
            occurrences, carried = self.head[number].tolist()
            found[name] = {
                "head_leak": carried / max(occurrences, 1),
                "characters_per_caption": int(self.characters[number]) / copies,
                "concepts_per_image": int(self.by_concepts[number] @ np.arange(self.by_concepts.shape[1])) / copies,
                "captions_by_octave": _without_end(self.by_octave[number]),
                "images_by_concepts": self.by_concepts[number].tolist(),
            }
        return found

    def coverage(self, names: Sequence[str]) -> dict[str, dict[str, list[dict[str, int]]]]:
        """By stratum and selection, by tenfold of images in the stratum."""
        rows = {name: self.by_stratum[:, place] for place, name in enumerate(names[: self.by_stratum.shape[1]])}
        return {
            stratum: {name: band_coverage(counts[place], counts[0]) for place, name in enumerate(SELECTIONS) if place}
            for stratum, counts in rows.items()
        }


def _by_stratum(copies: Sequence[Ints], ids: Ids, strata: Ints, n_strata: int, n_concepts: int) -> Hits:
    if n_strata == 1 or len(copies) * n_strata * n_concepts > _MOST_CELLS:
        return Hits(np.empty(0, np.int64), (len(copies), 0, n_concepts))
    inside = [strata == stratum for stratum in range(n_strata)]
    return Hits.stacked(
        [Hits.stacked([concept_hits(ids, n_concepts, each * one) for one in inside]) for each in copies]
    )


def _counted(index: Ints, copies: Ints, length: int) -> Ints:
    return np.asarray(np.bincount(index, copies, length), np.int64)


def _without_end(counts: Ints) -> list[int]:
    """Up to the last that is not 0."""
    return [int(count) for count in counts[: int(np.max(np.flatnonzero(counts), initial=-1)) + 1]]
