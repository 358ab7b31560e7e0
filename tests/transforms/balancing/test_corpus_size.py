from __future__ import annotations

import pytest

from transforms.balancing.corpus_size import CorpusSize


@pytest.mark.parametrize(
    ("shards", "groups"),
    [(1, ()), (600, ()), (601, (24,)), (14_400, (24,)), (14_401, (576, 24)), (10**6, (13_824, 576, 24))],
)
def test_many_shards_are_added_up_in_groups(shards: int, groups: tuple[int, ...]) -> None:
    assert CorpusSize(shards).groups == groups
