"""Which concepts the images of each row show. Told once, and kept beside the run's other data.

``concepts/`` is no stage's, as ``lengths/`` is none's: another mixture of the same rows encodes nothing again. It may
be deleted at any time.

Shape legend: N rows, K concepts a row, V concepts of the vocabulary, D embedding width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.balancing.concept_ids import Ids, drop_below
from transforms.batching import batched
from transforms.configuration import fingerprint
from transforms.datasets import ShardName, list_matrix, read_table, write_table
from transforms.images.decode import DecodeSettings
from transforms.images.header import PILLOW_MAX_PIXELS, ImageFault
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.part_files import read_rows
from transforms.instruct.medium_bytes import read_distinct
from transforms.instruct.mixing.concept_settings import ConceptTarget
from transforms.instruct.mixing.lengths import is_there
from transforms.instruct.rows import Row
from transforms.rejects import Counts
from transforms.stages import MIX

if TYPE_CHECKING:
    import torch

_LIMITS = DecodeSettings(max_pixels=PILLOW_MAX_PIXELS, min_side=1)
Scores = NDArray[np.float16]
Nearest = dict[bytes, tuple[Ids, Scores]]  # by the hash of an image: (K,) ids and (K,) cosines


class ConceptFinder:
    """Encoder and vocabulary, loaded when the first image is looked at."""

    def __init__(self, settings: ConceptTarget) -> None:
        self.settings = settings
        self._seeing: _Seeing | None = None

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_seeing": None}

    def read(self, folder: InstructFolder, name: ShardName) -> tuple[pa.Array, Ids]:
        """The keys of the rows that mix takes in, and (N, K) the concepts of each, -1 where there are fewer."""
        path = folder.root / f"concepts/{name.source}/{name.shard}.parquet"
        made_with = fingerprint("concepts", folder.fingerprints[folder.before(MIX.name)[-1]], self._made_with)
        if not is_there(path, made_with):
            rows = read_rows(folder, name, MIX.name)
            kind = pa.list_(pa.int32(), self.settings.per_row)
            flat = pa.array(self.of_rows(rows).ravel(), pa.int32())
            ids = pa.FixedSizeListArray.from_arrays(flat, self.settings.per_row)
            schema = pa.schema([("key", pa.string()), ("concept_ids", kind)])
            table = pa.table([pa.array([row.key for row in rows], pa.string()), ids], schema=schema)
            write_table(path, table, made_with, Counts(len(rows), len(rows)))
        table = read_table(path, made_with)
        return table["key"].combine_chunks(), list_matrix(table["concept_ids"])

    @property
    def _made_with(self) -> dict[str, Any]:
        """What decides which concepts a row has; how even they are to be decides nothing here."""
        settings = self.settings
        chosen = {"per_row": settings.per_row, "min_similarity": settings.min_similarity}
        return {**settings.digests(), **chosen, "encoder": settings.encoder.identity()}

    def of_rows(self, rows: Sequence[Row]) -> Ids:
        """(N, K): of all images of a row the nearest, each once. Of a part's images each is encoded once."""
        if self._seeing is None and any(row.media for row in rows):
            self._seeing = _Seeing(self.settings)
        nearest = {} if self._seeing is None else self._seeing.nearest(_images(rows))
        found = np.full((len(rows), self.settings.per_row), -1, np.int32)
        for at, row in enumerate(rows):
            seen = [nearest[one.content_hash] for one in row.media if one.content_hash in nearest]
            if seen:
                ids, scores = (np.concatenate(columns) for columns in zip(*seen, strict=True))
                own = _best(ids, scores, None if self._seeing is None else self._seeing.groups)
                found[at, : min(len(own), self.settings.per_row)] = own[: self.settings.per_row]
        return found


def _best(ids: Ids, scores: Scores, groups: NDArray[np.int64] | None) -> Ids:
    """Those that are there, by falling score, of each (V,) group one: several images may each have another of it."""
    order = np.lexsort((ids, -scores.astype(np.float32)))
    ordered = ids[order][ids[order] >= 0]
    _, first = np.unique(ordered if groups is None else groups[ordered], return_index=True)
    return np.asarray(ordered[np.sort(first)], np.int32)


def _images(rows: Iterable[Row]) -> Iterable[tuple[bytes, bytes]]:
    return ((content, data) for content, medium, data in read_distinct(rows) if medium.kind == "image")


class _Seeing:
    """The encoder, and the concepts that images are searched for."""

    def __init__(self, settings: ConceptTarget) -> None:
        from transforms.annotating.concept_embedding import embed_vocabulary
        from transforms.annotating.encoder import ClipEncoder
        from transforms.annotating.indexes.comparing_all import EXACT
        from transforms.annotating.word_lists import read_word_list

        self._settings = settings
        self._encoder = ClipEncoder(settings.encoder)
        vocabulary = read_word_list(settings.word_list)
        vectors = embed_vocabulary(vocabulary, self._encoder)
        self.groups = None if vocabulary.groups is None else np.array(vocabulary.groups, np.int64)
        self._search = EXACT.open(vectors, self._encoder.device)
        self._preprocess = self._encoder.preprocessor(_LIMITS)

    def nearest(self, images: Iterable[tuple[bytes, bytes]]) -> Nearest:
        """Hash and bytes of images → the nearest concepts of each that can be decoded."""
        found: Nearest = {}
        prepared = ((content, self._preprocess(data)) for content, data in images)
        sound = ((content, one.pixels) for content, one in prepared if not isinstance(one, ImageFault))
        for batch in batched(sound, self._settings.encoder.batch_size):
            embedded = self._encoder.encode_images(np.stack([pixels for _, pixels in batch]))
            rows, cosines = self._found(embedded)
            ids, scores = rows.astype(np.int32), cosines.astype(np.float16)
            if self._settings.min_similarity > 0:
                ids = drop_below(ids, scores, self._settings.min_similarity)
            found.update({content: (ids[at], scores[at]) for at, (content, _) in enumerate(batch)})
        return found

    def _found(self, embedded: torch.Tensor) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(N, D) → (N, K) rows and cosines, nearest first; of concepts of one meaning the nearest."""
        from transforms.annotating.one_a_meaning import nearest_of_groups

        def find(images: NDArray[np.int64], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            cosines, rows = self._search(embedded[images.tolist()], k)
            return rows, cosines

        wanted = self._settings.per_row
        if self.groups is None:
            return find(np.arange(len(embedded)), wanted)
        return nearest_of_groups(find, len(embedded), wanted, self.groups)
