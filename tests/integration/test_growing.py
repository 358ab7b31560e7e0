"""A run that has grown: what an older one annotated is taken over, and the bytes are those of a run from nothing."""

from __future__ import annotations

import pathlib
import shutil

import pytest

from tests.integration.conftest import MINI, digests, evenweave, small_corpus

pytestmark = pytest.mark.slow


def test_tars_that_are_added_are_annotated_and_the_others_taken_over(
    finished_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    tars = sorted((corpus / "shards").glob("*.tar"))
    few = tmp_path / "few"
    few.mkdir()
    for tar in tars[:5]:
        shutil.copy(tar, few)
    at_rest = small_corpus(corpus)
    evenweave("build", MINI, "--output", tmp_path / "old", *at_rest, "--set", f"sources.0.path={few}")
    old = digests(tmp_path / "old")
    grown = tmp_path / "grown"
    said = evenweave("build", MINI, "--output", grown, *at_rest, "--set", f"reuse={tmp_path / 'old'}").stdout
    assert f"5 of {len(tars)} shards are taken over" in said
    assert f"5 of {len(tars)} may have changed: reading them" in said  # copies have another time
    assert digests(grown) == digests(finished_run)
    assert digests(tmp_path / "old") == old
