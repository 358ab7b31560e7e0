"""What rows say is brought from part to part, and compared there."""

from __future__ import annotations

import pathlib

import numpy as np

from tests.transforms.instruct.chain.small_chain import PART
from tests.transforms.instruct.duplicates.small_duplicates import SETTINGS
from tests.transforms.instruct.duplicates.test_steps import NOTHING, steps_of
from transforms.instruct.duplicates.comparing import compare_rows
from transforms.instruct.duplicates.components import join
from transforms.instruct.duplicates.meetings import by_part, candidates


def test_near_texts_are_brought_together_and_join_their_groups(tmp_path: pathlib.Path) -> None:
    steps = steps_of(tmp_path)
    steps.describe((0, PART))
    meetings = [part for _, part in steps.row_meetings((0, PART), NOTHING)]
    pairs = np.concatenate([candidates([part]) for part in meetings])
    [(_, members)] = by_part(pairs, "one")
    [(number, brought)] = steps.bring_rows((0, [members]), {0: PART}, NOTHING)
    assert number == 0
    [agreed] = compare_rows(steps.rows((0, PART), NOTHING), [brought], SETTINGS.min_similarity)
    clusters, groups = join([agreed[None, :2]]), join([agreed[None, 2:]])
    rows = steps.rows((0, PART), NOTHING)
    judged = steps.to_judge((0, PART), NOTHING, clusters)
    assert [len(set(names.tolist())) for names in (judged["cluster"], groups.of(rows.groups))] == [2, 2]
