from __future__ import annotations

import pytest

from transforms.balancing.corpus_size import CorpusSize


@pytest.mark.parametrize(("shards", "groups"), [(1, 1), (1000, 1), (1001, 24), (10**6, 24)])
def test_many_shards_are_added_up_in_groups(shards: int, groups: int) -> None:
    assert CorpusSize(shards).groups == groups
