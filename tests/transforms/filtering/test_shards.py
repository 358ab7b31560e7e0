"""A small corpus of every kind of row, filtered by every rule: rejects, reasons and counts as worked out by hand."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from transforms import keyed
from transforms.datasets import ShardName, annotations_schema, read_table, write_table
from transforms.filtering.common_captions import caption_hashes
from transforms.filtering.rules import rules_of
from transforms.filtering.settings import FilterSettings
from transforms.filtering.shards import done_before, filter_shard
from transforms.filtering.trial import try_rules
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder
from transforms.stages import DEDUPLICATE, FILTER
from transforms.storage import StoragePath

#: key → what differs from a sound row
ROWS: dict[str, dict[str, Any]] = {
    "sound": {},
    "small": {"width": 199},
    "long": {"width": 601},
    "short": {"caption": "cat"},
    "wordy": {"caption": "cat " * 9},
    "short_zh": {"caption": "狗", "lang": "zh"},
    "sound_zh": {"caption": "一只狗在草地上", "lang": "zh"},
    "french": {"caption": "un chat sur le lit", "lang": "fr"},
    "digits": {"caption": "IMG 0123456789 jpg"},
    "blocked": {"caption": "a Stock-Photo of cats"},
    "unlike": {"caption_similarity": 0.1},
    "square_png": {"format": "png", "height": 200},
    "common_a": {"caption": "click to see more"},
    "common_b": {"caption": "click to see more"},
    "without": {"caption": None, "caption_similarity": None, "lang": "und"},
    "small_and_short": {"width": 1, "caption": "cat"},
}
RULES = FilterSettings(
    min_side=200,
    max_aspect_ratio=3,
    min_words=2,
    max_words=8,
    min_characters=2,
    languages={"web": ["en", "zh"]},
    min_letter_share=0.5,
    blocked_words="words.txt",
    min_caption_similarity=0.28,
    expression="width != height or format == 'jpg'",
    max_caption_images=1,
)
REASONS = {
    "small": "too_small",
    "long": "aspect_ratio",
    "short": "caption_too_short",
    "wordy": "caption_too_long",
    "short_zh": "caption_too_short",
    "french": "unexpected_language",
    "digits": "few_letters",
    "blocked": "blocked_word",
    "unlike": "unlike_caption",
    "square_png": "expression",
    "common_a": "common_caption",
    "common_b": "common_caption",
    "small_and_short": "too_small",
}


def write_annotations(folder: RunFolder, name: ShardName, rows: dict[str, dict[str, Any]]) -> None:
    schema = annotations_schema(1, caption_similarity=True)
    sound = {"width": 200, "height": 200, "format": "jpg", "lang": "en", "caption_similarity": 0.28125}
    values = [
        {
            **dict.fromkeys(schema.names),
            **sound,
            "caption": f"a cat called {key.replace('_', ' ')}",
            **row,
            "key": key,
            "source": name.source,
            "shard": name.shard,
            "sample_id": int(keyed.sample_ids(*name, [key])[0]),
        }
        for key, row in rows.items()
    ]
    write_table(folder.annotations(*name), pa.Table.from_pylist(values, schema), folder.fingerprint)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> RunFolder:
    return RunFolder(StoragePath.of(tmp_path / "run"), "f" * 16)


NAME = ShardName("web", "000")
COMMON = caption_hashes(pa.array(["click to see more"]))
BLOCKED = ["stock photo"]


def test_each_row_has_the_reason_of_the_first_rule_that_refuses_it(folder: RunFolder) -> None:
    write_annotations(folder, NAME, ROWS)
    counts = filter_shard(folder, NAME, rules_of(RULES, BLOCKED, COMMON))
    rejects = read_table(folder.rejects(FILTER.name, *NAME), folder.fingerprint).to_pylist()
    assert {row["key"]: row["reason"] for row in rejects} == REASONS
    details = {row["key"]: row["detail"] for row in rejects}
    assert details["small"] == "199 x 200 pixels; least side 200"
    assert details["long"] == "601 x 200 pixels; most 3 to 1"
    assert details["wordy"] == "9 words; most 8"
    assert details["short_zh"] == "1 characters; least 2"
    assert details["french"] == "caption in fr; expected en, zh"
    assert details["digits"] == "0.375 are letters; least 0.5"
    assert details["unlike"] == "cosine 0.1000; least 0.28"
    assert details["square_png"] == "not true of format 'png', height 200, width 200"
    assert (counts.rows_in, counts.rows_out, counts.rejected) == (16, 3, 13)
    assert done_before(folder, NAME) == counts
    left = read_remaining(folder, NAME, DEDUPLICATE, ["key"])["key"].to_pylist()
    assert left == ["sound", "sound_zh", "without"]


def test_rows_without_rejects_leave_no_file(folder: RunFolder) -> None:
    for rows in ({"sound": {}}, {}):
        write_annotations(folder, NAME, rows)
        counts = filter_shard(folder, NAME, rules_of(RULES, BLOCKED, COMMON))
        assert (counts.rows_in, counts.rejected) == (len(rows), 0)
        assert not folder.rejects(FILTER.name, *NAME).exists()
        assert done_before(folder, NAME) is None


def test_another_source_may_be_in_any_language(folder: RunFolder) -> None:
    name = ShardName("other", "000")
    write_annotations(folder, name, {"french": ROWS["french"]})
    assert filter_shard(folder, name, rules_of(RULES, BLOCKED, COMMON)).rejected == 0


def test_a_trial_tells_each_rule_alone_and_all_together(folder: RunFolder) -> None:
    """Captions are counted over both shards."""
    names = [NAME, ShardName("web", "001")]
    keys = list(ROWS)
    for name, half in zip(names, (keys[::2], keys[1::2]), strict=True):
        write_annotations(folder, name, {key: ROWS[key] for key in half})
    trial = try_rules(folder, names, RULES, BLOCKED)
    assert (trial.rows, trial.dropped) == (16, 13)
    told = {rule.setting: (rule.alone, rule.first) for rule in trial.rules}
    assert told == {
        "min_side": (2, 2),
        "max_aspect_ratio": (2, 1),  # 1 x 200 also
        "min_words": (2, 1),
        "min_characters": (1, 1),
        "max_words": (1, 1),
        "languages": (1, 1),
        "min_letter_share": (1, 1),
        "blocked_words": (1, 1),
        "min_caption_similarity": (1, 1),
        "expression": (1, 1),
        "max_caption_images": (4, 2),  # "cat" stands twice too
    }
    assert not (folder.root / "rejects").is_dir()


def test_no_rule_drops_nothing(folder: RunFolder) -> None:
    write_annotations(folder, NAME, ROWS)
    trial = try_rules(folder, [NAME], FilterSettings())
    assert (trial.rows, trial.rules, trial.dropped) == (16, (), 0)


def test_no_column_is_read_that_no_rule_looks_at() -> None:
    (rule,) = rules_of(FilterSettings(min_side=3))
    assert rule.columns == ("width", "height")
    assert rules_of(FilterSettings(max_caption_images=3), common=np.empty(0, np.uint64))[0].columns == ("caption",)
