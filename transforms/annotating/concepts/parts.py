"""Concepts embedded part by part, each part a file: half a million in several prompts are days of a CPU.

<cache>/<fingerprint>/concepts.parquet   what is to be embedded: id, name and lang of each, in order
<cache>/<fingerprint>/part-%06d.npy      the embeddings of a thousand of them; written whole or not at all

The fingerprint is that of encoder, prompts and concepts, so that a part that is there is the one that is wanted. Parts
and batches are the same whoever embeds them.

Shape legend: V concepts, D embedding width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from concept_vocab.vocabulary import Vocabulary
from transforms.annotating.concept_embedding import embed_vocabulary
from transforms.annotating.digests import encoder_digest
from transforms.annotating.encoder import ClipEncoder
from transforms.annotating.settings import EncoderSettings
from transforms.arrays_at_rest import as_array, read_mapped, write_array
from transforms.configuration import fingerprint
from transforms.datasets import read_table, write_table
from transforms.storage import StoragePath

CONCEPTS_A_PART = 1024


@dataclass(frozen=True)
class EmbeddingWork:
    """Concepts to embed; picklable, and small however many they are."""

    folder: StoragePath  # of its parts
    mark: str  # the fingerprint
    encoder: EncoderSettings
    prompts: Mapping[str, tuple[str, ...]]
    concepts: int

    @property
    def parts(self) -> range:
        return range(-(-self.concepts // CONCEPTS_A_PART))

    def part(self, number: int) -> StoragePath:
        return self.folder / f"part-{number:06d}.npy"

    def missing(self) -> list[int]:
        """The parts that are not there."""
        there = {path.name for path in self.folder.walk()}
        return [number for number in self.parts if self.part(number).name not in there]


def begin(cache: StoragePath, encoder: EncoderSettings, vocabulary: Vocabulary) -> EmbeddingWork:
    """Work below ``cache``, new or gone on with."""
    concepts = vocabulary.table.select(["id", "name", "lang"])
    prompts = {language: tuple(templates) for language, templates in vocabulary.prompts.items()}
    names = fingerprint([concepts[name].to_pylist() for name in ("name", "lang")])
    mark = fingerprint(encoder.identity(), encoder_digest(encoder), prompts, names, CONCEPTS_A_PART)
    work = EmbeddingWork(cache / mark, mark, encoder, prompts, len(vocabulary))
    if len(vocabulary) and not _table(work).is_file():
        write_table(_table(work), concepts, mark)
    return work


def embed_part(work: EmbeddingWork, number: int, encoder: ClipEncoder) -> None:
    """Leaves the file of the part."""
    some = read_table(_table(work), work.mark).slice(number * CONCEPTS_A_PART, CONCEPTS_A_PART)
    numbered = some.set_column(0, "id", pa.array(range(some.num_rows), pa.int32()))
    write_array(work.part(number), embed_vocabulary(Vocabulary(numbered, work.prompts), encoder))


def embedded(work: EmbeddingWork) -> Iterator[NDArray[np.float32]]:
    """(up to CONCEPTS_A_PART, D), part by part. Raises RunFolderError for one that is missing or damaged."""
    for number in work.parts:
        path = work.part(number)
        yield as_array(path, read_mapped(path)).astype(np.float32, copy=False)


def _table(work: EmbeddingWork) -> StoragePath:
    return work.folder / "concepts.parquet"
