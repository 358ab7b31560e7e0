"""Sheets of images over real folders of pictures."""

from __future__ import annotations

import os

import pytest

from tests.transforms.reporting.synthetic_run import SyntheticRun
from transforms.browsing.sheets import concept_sheet, rejected_sheet
from transforms.errors import InputError
from transforms.run_folder import RunState


def test_a_concept_with_its_images_kept_and_dropped(state: RunState) -> None:
    sheet = concept_sheet(state, "dog", 8)
    kept, dropped = sheet.parts
    assert (sheet.title, kept.title, kept.total, dropped.total) == ("dog", "kept", 1, None)
    assert [(image.key, image.reason) for image in kept.images] == [("b", "")]
    assert {image.key: image.reason for image in dropped.images} == {"a": "not_selected", "d": "exact_duplicate"}
    assert all(image.thumbnail for part in sheet.parts for image in part.images)
    with pytest.raises(InputError, match="no concept called 'wolf'"):
        concept_sheet(state, "wolf", 8)


def test_what_came_after_annotate_is_read_by_its_place(state: RunState) -> None:
    [part] = rejected_sheet(state, "exact_duplicate", 8).parts
    assert (part.title, part.total) == ("left out by deduplicate", 1)
    [image] = part.images
    assert (image.key, image.detail, image.caption) == ("d", "of web/000000/a", "a caption")
    assert image.thumbnail


def test_what_annotate_dropped_is_found_by_its_key(state: RunState) -> None:
    [small] = rejected_sheet(state, "too_small", 8).parts[0].images
    assert small.key == "e" and small.thumbnail is not None
    [missing] = rejected_sheet(state, "missing_image", 8).parts[0].images
    assert (missing.key, missing.thumbnail) == ("gone", None)


def test_a_source_that_moved_leaves_the_pictures_out(state: RunState, browsed: SyntheticRun) -> None:
    for source in browsed.config["sources"]:
        os.rename(source["path"], source["path"] + "-elsewhere")
    for sheet in (concept_sheet(state, "dog", 8), rejected_sheet(state, "too_small", 8)):
        assert not any(image.thumbnail for part in sheet.parts for image in part.images)


def test_no_more_than_asked_for(state: RunState) -> None:
    assert [len(part.images) for part in concept_sheet(state, "dog", 1).parts] == [1, 1]
