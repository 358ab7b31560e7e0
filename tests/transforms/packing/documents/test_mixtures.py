"""Tars of a published mixture as documents."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from tests.transforms.instruct.publishing.small_publication import PICTURES, SIZE, published
from tests.transforms.instruct.small_sets import write_tar
from transforms.conversations.document import Image, Text
from transforms.instruct.publishing.settings import PublishSettings
from transforms.packing.documents.media import LocatedDocument, MediaReader
from transforms.packing.documents.mixtures import read_mixture
from transforms.packing.documents.video_bytes import VideoSampling
from transforms.packing.inputs import list_inputs
from transforms.packing.sources import PackSource
from transforms.rejects import Reason, Reject


def read(path: str) -> list[LocatedDocument | Reject]:
    source = PackSource(name="mixed", format="mixture", path=path, verify_images=True)
    return [one for part in list_inputs(source, 1 << 20) for one in read_mixture(part, source, VideoSampling())]


@pytest.mark.slow
def test_a_published_mixture(tmp_path: pathlib.Path) -> None:
    made = published(tmp_path, PublishSettings(reasoning="apart"))
    documents = {one.document.key: one for one in read(str(made.place / "*/*.tar")) if isinstance(one, LocatedDocument)}
    assert documents.keys() == made.samples().keys()
    boxed = documents["a/p%2E0/0"]
    assert boxed.document.images == (SIZE, SIZE)
    assert boxed.document.messages[0].content == (Image(0), Text("Where?"), Image(1))
    reader = MediaReader()
    assert [reader.read(one) for one in boxed.images] == PICTURES[:2]
    held_out = documents["b/p/x%2Ey"].document
    answers = [one for one in held_out.messages if one.role == "assistant"]
    assert [one.train for one in answers] == [True, False]
    assert answers[0].content == (Text("<think>\n想\n</think>\n\n三。"),)
    assert "look" in str(held_out.messages[0].content)


TURN = {"role": "user", "content": [{"type": "image", "text": None}], "train": True, "reasoning_content": None}


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"json": {"caption": "a cat"}}, Reason.MALFORMED_RECORD),
        ({"json": []}, Reason.MALFORMED_RECORD),
        ({"0.jpg": PICTURES[0]}, Reason.MALFORMED_RECORD),
        ({"json": {"messages": [TURN], "images": [], "videos": []}}, Reason.MALFORMED_RECORD),
        ({"json": {"messages": [TURN], "images": ["0.jpg"], "videos": []}}, Reason.MALFORMED_RECORD),
        (
            {"json": {"messages": [TURN], "images": ["0.jpg"], "videos": []}, "0.jpg": PICTURES[0][:200]},
            Reason.TRUNCATED_IMAGE,
        ),
    ],
)
def test_what_is_no_sample_of_a_mixture(members: dict[str, Any], reason: Reason, tmp_path: pathlib.Path) -> None:
    data = {
        f"a.{ending}": one if isinstance(one, bytes) else json.dumps(one).encode() for ending, one in members.items()
    }
    (found,) = read(str(write_tar(tmp_path / "some.tar", data)))
    assert isinstance(found, Reject) and found.reason == reason
