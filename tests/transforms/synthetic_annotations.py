"""Annotations of images that do not exist: concepts as they come in the wild, for tests and benchmarks of balancing.

Concepts belong to topics. An image is about one topic (topics are Zipf distributed), and most of its concepts come from
it, Zipf distributed within; the rest are strays, from all concepts alike. So rare concepts drag frequent ones along,
which is what makes balancing hard. The defaults are the corpus of bench_raking: 2 million images, 20,000 concepts, K=8,
keeping 10 %: normalised entropy 0.69 raw, 0.804 metaclip, 0.814 inverse_frequency.

Shape legend: N rows, K concepts an image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from concept_vocab.vocabulary import Vocabulary
from transforms.datasets import ShardName, write_table
from transforms.run_folder import RunFolder
from transforms.vocabulary_folder import save_vocabulary

N_CONCEPTS = 20_000
CONCEPTS_PER_TOPIC = 10
TOPIC_EXPONENT = 1.23  # of Zipf's law
STRAY_SHARE = 0.39


def concept_ids(
    rows: int, n_concepts: int = N_CONCEPTS, concepts_per_image: int = 8, seed: int = 0
) -> NDArray[np.int32]:
    """(N, K) distinct ids a row; -1 where a concept was drawn twice (about a fifth of the slots)."""
    random = np.random.default_rng(seed)
    shape = (rows, concepts_per_image)
    topic = _zipf(n_concepts // CONCEPTS_PER_TOPIC, TOPIC_EXPONENT, random.random(rows))
    ids = topic[:, None] * CONCEPTS_PER_TOPIC + _zipf(CONCEPTS_PER_TOPIC, 1.0, random.random(shape))
    strays = random.random(shape) < STRAY_SHARE
    ids[strays] = _zipf(n_concepts, 1.0, random.random(int(strays.sum())))
    ids.sort(axis=1)
    ids[:, 1:][ids[:, 1:] == ids[:, :-1]] = -1
    return ids.astype(np.int32)


def _zipf(n: int, exponent: float, uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """Ranks 0 … n-1 with probability ∝ (rank + 1)^-exponent, by inversion."""
    cumulative = np.cumsum(np.arange(1, n + 1, dtype=np.float64) ** -exponent)
    return np.searchsorted(cumulative / cumulative[-1], uniform).clip(max=n - 1)


def list_column(matrix: NDArray[np.generic]) -> pa.FixedSizeListArray:
    """(N, K) → a column of fixed-size lists."""
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])


def write_annotations(
    folder: RunFolder,
    name: ShardName,
    keys: list[str],
    sample_ids: NDArray[np.uint64],
    ids: NDArray[np.int32],
    **columns: pa.Array,
) -> None:
    """One shard with the columns that balancing reads; without captions, unless ``columns`` have them."""
    columns.setdefault("caption", pa.nulls(len(keys), pa.string()))
    table = pa.table(
        {"key": pa.array(keys, pa.string()), "sample_id": sample_ids, "concept_ids": list_column(ids), **columns}
    )
    write_table(folder.annotations(*name), table, folder.fingerprint)


def write_vocabulary(folder: RunFolder, names: Sequence[str], types: Mapping[str, str] = MappingProxyType({})) -> None:
    """Concepts whose embeddings mean nothing; ``types``: by name."""
    concepts = Vocabulary.from_names(names, "en", "synthetic", {}, types).table
    save_vocabulary(folder, concepts, np.zeros((len(concepts), 1), np.float32), {})


def meaningless_names(n_concepts: int) -> list[str]:
    return [f"concept {number}" for number in range(n_concepts)]
