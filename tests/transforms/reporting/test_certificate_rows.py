"""The certificate's panel: what stands in the file, in words; other methods beside."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import pytest

from tests.transforms.balancing.test_certificate import BEFORE, certified
from tests.transforms.reporting.synthetic_run import SyntheticRun
from transforms.datasets import read_table
from transforms.reporting.certificate_rows import Certificate
from transforms.reporting.gather import gather
from transforms.reporting.page import render
from transforms.storage import StoragePath


@pytest.mark.slow
def test_the_panel_says_what_the_certificate_says(
    tmp_path: pathlib.Path, small_run: SyntheticRun, root: StoragePath
) -> None:
    said, _, folder = certified(tmp_path, size=600, even={"floor": 8})
    after = read_table(folder.concepts, None)["count_after"].to_numpy()
    found = Certificate.of(said, BEFORE, {"random": np.minimum(BEFORE, 5), "this": after})
    facts = {fact.name: fact.value for fact in found.facts}
    assert facts["evenness"] == f"{said['evenness']['drawn']:.4f}"
    kept = int((BEFORE > 0).sum())
    assert facts["concepts that keep 8 images, or all they have"] == f"{kept} of {kept}"
    assert found.methods == ("random", "this")
    rows = dict(found.comparison)
    assert rows["concepts with 20 images"] == ("0", str(int((after >= 20).sum())))
    assert any(name.startswith("of the ") for name in rows)
    summary = gather(small_run.write(root))
    page = render(dataclasses.replace(summary, certificate=found))
    assert 'id="certificate"' in page and facts["gap to that bound"] in page
    assert 'id="certificate"' not in render(dataclasses.replace(summary, certificate=None))
