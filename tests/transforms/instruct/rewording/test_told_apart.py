"""Rows by language, those that were read in it apart from those that were translated into it."""

from __future__ import annotations

import dataclasses
import pathlib

from tests.transforms.instruct.chain.small_chain import PART, asking, folder_of
from transforms.instruct.chain.outcome import Fact, Outcome
from transforms.instruct.chain.part_files import write_outcome
from transforms.instruct.rewording.share import told_apart

CHAIN = ("standardise", "translate", "mix", "publish")


def test_native_and_translated(tmp_path: pathlib.Path) -> None:
    languages = ("en", "en", "en", "zh", None)
    rows = [dataclasses.replace(asking(str(at), "yes"), language=language) for at, language in enumerate(languages)]
    prints = {name: f"{place:016x}" for place, name in enumerate(CHAIN)}
    folder = dataclasses.replace(folder_of(tmp_path, rows), chain=CHAIN, fingerprints=prints)
    twin = dataclasses.replace(rows[1], key=f"{rows[1].key}~zh", language="zh")
    outcome = Outcome(facts=[Fact(rows[0].key, language="zh"), Fact(rows[1].key, pair=(twin.key, "translation"))])
    outcome.made.append(twin)
    write_outcome(folder, "translate", PART, [row.key for row in rows], outcome)
    assert told_apart(folder, [PART]) == {"en": 2, "und": 1, "zh": 1, "zh translated": 2}
