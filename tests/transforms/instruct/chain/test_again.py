"""A gate that stands twice: its second time sees the first as any other stage, and writes under its own name."""

from __future__ import annotations

import dataclasses
import pathlib

from tests.transforms.instruct.chain.small_chain import PART, asking, folder_of
from transforms.instruct.chain.again import AgainFolder, written_keys
from transforms.instruct.chain.outcome import Outcome, edit
from transforms.instruct.chain.part_files import read_rows, write_outcome
from transforms.instruct.rows import Row
from transforms.rejects import Reason, Reject
from transforms.stages import DUPLICATES, DUPLICATES_AGAIN

CHAIN = ("standardise", "duplicates", "rewrite", "translate", "duplicates_again", "mix", "publish")


def test_twice(tmp_path: pathlib.Path) -> None:
    rows = [asking(key, "yes") for key in "abcd"]
    prints = {name: f"{place:016x}" for place, name in enumerate(CHAIN)}
    folder = dataclasses.replace(folder_of(tmp_path, rows), chain=CHAIN, fingerprints=prints)
    keys = [row.key for row in rows]
    first = Outcome(rejects=[Reject(keys[0], Reason.EXACT_DUPLICATE, "")])
    write_outcome(folder, "duplicates", PART, keys, first)

    taken = edit(rows[1], 0, 0, "Which?", "rewritten", "m")
    refused = dataclasses.replace(edit(rows[2], 0, 0, "Who?", "rewritten", "m"), verdict="length")
    write_outcome(folder, "rewrite", PART, keys[1:], Outcome(edits=[taken, refused]))
    twin = Row(f"{keys[3]}~zh", "s", rows[3].messages, source_record="{}")
    write_outcome(folder, "translate", PART, keys[1:], Outcome(made=[twin]))
    assert written_keys(folder, PART, "duplicates_again") == {keys[1], twin.key}
    assert written_keys(folder, PART, "translate") == {keys[1]} and not written_keys(folder, PART, "rewrite")

    seen = AgainFolder.of(folder, DUPLICATES, DUPLICATES_AGAIN)
    left = read_rows(seen, PART, "duplicates")
    assert (
        [row.key for row in left]
        == [*keys[1:], twin.key]
        == [row.key for row in read_rows(folder, PART, "duplicates_again")]
    )
    second = Outcome(rejects=[Reject(keys[3], Reason.EXACT_DUPLICATE, "")])
    write_outcome(seen, "duplicates", PART, [row.key for row in left], second)
    assert folder.rejects("duplicates_again", *PART).is_file() and folder.facts("duplicates_again", *PART).is_file()
    assert [row.key for row in read_rows(folder, PART, "mix")] == [keys[1], keys[2], twin.key]
    assert seen.counts("duplicates") == folder.counts("duplicates_again")
