"""What concepts are searched by: one object a kind, in one registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from transforms.annotating.indexes.approximate import FACTORY, HNSW, IVF
from transforms.annotating.indexes.comparing_all import EXACT, PRODUCT
from transforms.annotating.indexes.index import IndexKind
from transforms.annotating.settings import IndexName, IndexSettings

INDEXES: Mapping[str, IndexKind] = {"exact": EXACT, "product": PRODUCT, "ivf": IVF, "hnsw": HNSW, "factory": FACTORY}
AUTO = "auto"  # stands for one of them

if {*INDEXES, AUTO} != {*get_args(IndexName)}:
    raise AssertionError(f"kinds of indexes in the settings and in the registry differ: {sorted(INDEXES)}")

#: From so many concepts on, lists are worth building. Measured (tests/benchmarks/bench_retrieval.py) on two cores:
#: lists of 500,000 are searched 2.0 times as fast as FAISS's exact search at a recall of 0.967, after 86 s of building;
#: the product in torch 0.4 times as fast (of 100,000 concepts 2.3 times).
_WORTH_LISTS = 100_000


def chosen(settings: IndexSettings, concepts: int, device_type: str) -> IndexSettings:
    """The settings with ``auto`` made what was measured fastest for so many concepts on this type of device."""
    if settings.kind != AUTO:
        return settings
    on_gpu, many = device_type == "cuda", concepts >= _WORTH_LISTS
    return settings.model_copy(update={"kind": "ivf" if many and not on_gpu else "product"})
