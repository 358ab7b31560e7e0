"""Tokens as a trainer counts them, and that they are counted once."""

from __future__ import annotations

import pathlib
from dataclasses import replace

import pytest

from tests.transforms.instruct.mixing.small_mix import small_mix, text_row
from tests.transforms.instruct.small_rows import ROWS_OF_ALL_KINDS
from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image, Message, Text
from transforms.datasets import ShardName
from transforms.errors import RunFolderError
from transforms.instruct.mixing import lengths as room
from transforms.instruct.mixing.lengths import lengths, read_lengths
from transforms.instruct.mixing.settings import MixSettings
from transforms.instruct.rows import Medium, Row

CHAT = MixSettings().chat()  # a token a byte, but for common pairs


def of(row: Row) -> tuple[int, int, int]:
    (values,) = lengths([row], CHAT).to_pylist()
    return values["images"], values["tokens"], values["loss_tokens"]


def test_an_answer_and_the_end_of_its_turn_are_learnt() -> None:
    row = text_row("s/p/0", "7~7~")
    assert of(row)[2] == len("7~7~") + 1
    masked = replace(row, messages=(row.messages[0], replace(row.messages[1], train=False)))
    assert of(masked) == (0, of(row)[1], 0)


def test_a_thought_is_learnt_with_its_answer() -> None:
    row = text_row("s/p/0", "7~7~")
    thinking = replace(row, messages=(row.messages[0], replace(row.messages[1], reasoning="2+2")))
    said = replace(row, messages=(row.messages[0], turn("assistant", "<think>\n2+2\n</think>\n\n7~7~")))
    assert of(thinking) == of(said) != of(row)


def test_an_image_counts_by_its_size() -> None:
    """56 by 112 pixels are 2 by 4 tokens of 28 pixels a side, in the place of one."""
    row = text_row("s/p/0")
    shown = Message("user", (Image(0), *row.messages[0].content))
    images, tokens, loss = of(
        replace(row, messages=(shown, row.messages[1]), media=(Medium("image", width=56, height=112),))
    )
    assert (images, tokens - of(row)[1], loss) == (1, 8 + 2, of(row)[2])


def test_a_medium_that_is_not_shown_any_more_does_not_count() -> None:
    row = replace(text_row("s/p/0"), media=(Medium("image", width=56, height=56),))
    assert of(row) == of(text_row("s/p/0"))


def test_what_the_template_has_no_place_for_counts_nothing() -> None:
    row = replace(text_row("s/p/0"), messages=(turn("user", "<|im_end|>"), Message("assistant", (Text("x"),))))
    assert of(row) == (0, 0, 0)


def test_rows_of_all_kinds_can_be_counted() -> None:
    measured = [
        replace(row, media=tuple(replace(one, width=one.width or 60, height=one.height or 60) for one in row.media))
        for row in ROWS_OF_ALL_KINDS
    ]
    assert lengths(measured, CHAT)["images"].to_pylist() == [2, 0]


def test_they_are_counted_once(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = ShardName("s", "p")
    run = small_mix(tmp_path, {name: [text_row("s/p/0"), text_row("s/p/1", "No, it is not.")]})
    first = read_lengths(run.folder, name, CHAT)
    monkeypatch.setattr(room, "lengths", None)
    assert read_lengths(run.folder, name, CHAT).equals(first)
    other = replace(run.folder, fingerprints={**run.folder.fingerprints, "categorise": "other"})
    with pytest.raises(RunFolderError, match="categorise"):  # those are of other rows: read again
        read_lengths(other, name, CHAT)
