"""One part's steps: what is there already is not made again, unless it is of other settings."""

from __future__ import annotations

import dataclasses
import pathlib

from tests.transforms.instruct.chain.small_chain import PART, folder_of
from tests.transforms.instruct.duplicates.small_duplicates import SETTINGS, asking, picture
from transforms.instruct.duplicates.components import join
from transforms.instruct.duplicates.described import described_folder, is_described
from transforms.instruct.duplicates.steps import PartSteps
from transforms.rejects import Counts

LONG = "Describe in one short paragraph how the harbour of the old town looks on a rainy morning in early spring"
ROWS = [
    asking("0", LONG, "It is grey"),
    asking("1", LONG + " please", "It is grey"),
    asking("2", LONG, "It is grey", picture("a")),
]
NOTHING = join([])


def steps_of(path: pathlib.Path) -> PartSteps:
    folder = folder_of(path, ROWS)
    stages = ("standardise", "duplicates", "mix", "publish")
    prints = dict.fromkeys(stages, folder.fingerprints["standardise"])
    return PartSteps(dataclasses.replace(folder, chain=stages, fingerprints=prints), SETTINGS, 0)


def test_a_part_is_described_once(tmp_path: pathlib.Path) -> None:
    steps = steps_of(tmp_path)
    assert steps.describe((0, PART)) == (0, PART)
    [path] = described_folder(steps.folder).walk()
    path.write_bytes(before := path.read_bytes())
    steps.folder.rows(*PART).delete()  # is not read again
    steps.describe((0, PART))
    assert path.read_bytes() == before
    other = {**steps.folder.fingerprints, "duplicates": "0" * 15 + "1"}
    assert not is_described(dataclasses.replace(steps.folder, fingerprints=other), PART)


def test_a_part_that_is_written_is_not_written_again(tmp_path: pathlib.Path) -> None:
    steps = steps_of(tmp_path)
    steps.describe((0, PART))
    assert steps.write((0, PART), [], NOTHING, NOTHING) == Counts(3, 3)
    described_folder(steps.folder).remove()
    assert steps.write((0, PART), [], NOTHING, NOTHING) == Counts(3, 3)
    assert steps.folder.facts("duplicates", *PART).is_file()
