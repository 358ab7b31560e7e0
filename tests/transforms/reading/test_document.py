"""Which text an image of a document gets, and what is kept of where it stood."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.reading.document import Document, image_key
from transforms.reading.settings import SourceSettings


def source(rule: str) -> SourceSettings:
    values = {"name": "s", "format": "interleaved_webdataset", "path": "p", "document_text": rule}
    return SourceSettings.model_validate(values)


def document(texts: list[str | None], **values: object) -> Document:
    images = ["i" if text is None else None for text in texts]
    return Document("d", texts, images, values.get("metadata") or [None] * len(texts), values.get("about"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("texts", "position", "caption"),
    [
        (["before", None, "behind"], 1, "behind"),
        (["before", None, None, "behind"], 1, "before"),
        (["before", None, " \n", "behind"], 1, "before"),
        (["first.\n\nlast.", None], 1, "last."),
        ([None, "\n first.\n \t\nsecond."], 0, "first."),
        ([None, "one\nparagraph"], 0, "one\nparagraph"),
        ([None, None, None], 1, None),
        ([None, " "], 0, None),
    ],
)
def test_the_nearest_paragraph(texts: list[str | None], position: int, caption: str | None) -> None:
    assert document(texts).caption(position, source("nearest")) == caption


def test_images_stand_where_no_text_does() -> None:
    assert document(["before", None, "between", None, None]).positions == [1, 3, 4]


@given(st.lists(st.one_of(st.none(), st.text("ab ", max_size=2)), min_size=1, max_size=12))
def test_the_nearest_text_by_looking_at_all(texts: list[str | None]) -> None:
    told = [(place, text) for place, text in enumerate(texts) if text and text.strip()]
    for position in document(texts).positions:
        nearest = min(told, key=lambda one: (abs(one[0] - position), one[0] < position), default=(0, None))[1]
        assert document(texts).caption(position, source("nearest")) == (nearest.strip() if nearest else None)


@pytest.mark.parametrize(
    ("metadata", "caption"), [({"alt_text": "a"}, "a"), ({"alt_text": 1}, None), ({}, None), ("a", None)]
)
def test_the_alt_text(metadata: object, caption: str | None) -> None:
    assert document([None, "near"], metadata=[metadata, None]).caption(0, source("alt")) == caption


def test_the_record_is_json_whatever_the_source_says() -> None:
    about = {"狗": "\ud800", "nan": float("nan")}
    text = document([None], about=about).record(0).text or ""
    assert "狗" in text and json.loads(json.loads(text))["document"] == "d"  # NaN is none of JSON: kept as a string
    text = document([None], about={"a": "\ud800"}).record(0).text or ""
    assert json.loads(text)["document_metadata"] == {"a": "\ud800"}


def test_keys_differ() -> None:
    names = [(document, position) for document in ("a", "a_0001", "a_1") for position in (0, 1, 10001)]
    assert len({image_key(*name) for name in names}) == len(names)
