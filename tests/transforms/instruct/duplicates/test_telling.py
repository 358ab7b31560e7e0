"""What was found of rows becomes rejects and facts, with the keys of the others."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from transforms.instruct.duplicates.deciding import FINDING, FindingKind
from transforms.instruct.duplicates.grouping import group_bytes
from transforms.instruct.duplicates.telling import name_others, outcome
from transforms.rejects import Reason

PART = 1 << 32  # of the subjects; the others lie in part 0


def test_rejects_name_the_row_that_stays() -> None:
    findings = np.array(
        [
            (PART + 0, 1, FindingKind.EXACT, 0),
            (PART + 1, 0, FindingKind.CONTRADICTED, 0),
            (PART + 1, 1, FindingKind.CONTRADICTED, 0),
            (PART + 2, 0, FindingKind.PAIR, 0),
            (PART + 3, 1, FindingKind.TOO_MANY, 12),
        ],
        FINDING,
    )
    [(number, named)] = name_others(pa.chunked_array([["s/o/0", "s/o/1"]]), [findings[:2], findings[2:]])
    assert number == 1
    told = outcome(["s/a/0", "s/a/1", "s/a/2", "s/a/3"], np.arange(4, dtype=np.uint64), [named])
    assert [(one.key, one.reason) for one in told.rejects] == [
        ("s/a/0", Reason.EXACT_DUPLICATE),
        ("s/a/3", Reason.CROWDED_IMAGE),
    ]
    assert "s/o/1" in told.rejects[0].detail
    assert "12" in told.rejects[1].detail
    contradicted, paired = told.facts
    assert (contradicted.key, contradicted.conflicts, contradicted.pair) == ("s/a/1", ("s/o/0", "s/o/1"), None)
    assert (paired.key, paired.pair, paired.group) == ("s/a/2", ("s/o/0", "translation"), group_bytes(2))
