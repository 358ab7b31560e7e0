"""A group's documents: what no pack can hold is a reject that says by how much, and every row is counted once."""

from __future__ import annotations

import dataclasses

import numpy as np

from tests.transforms.packing.corpus import TOKENIZER
from tests.transforms.packing.small_documents import turn
from transforms import keyed
from transforms.conversations.document import Document, Image, ImageSize
from transforms.packing.documents.chat import ChatTokenizer, Lengths
from transforms.packing.documents.media import LocatedDocument, Media
from transforms.packing.inputs import PackInput
from transforms.packing.job.group_documents import GroupDocuments, Outcome, measured
from transforms.packing.plan.planner import plan_packs
from transforms.packing.settings import PackSettings
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath

CHAT = ChatTokenizer.load(TOKENIZER)


def document(words: int, *images: ImageSize) -> LocatedDocument:
    shown = [Image(index) for index in range(len(images))]
    return LocatedDocument(Document("k", "s", (turn("user", *shown, "x"), turn("assistant", "a " * words)), images))


def only(one: LocatedDocument, **pack: int) -> Lengths | Reject | None:
    (outcome,) = measured([one], CHAT, PackSettings(tokenizer=TOKENIZER, **pack))
    return outcome if isinstance(outcome, Reject) else outcome[0][1]


def test_each_bound_takes_what_is_equal_and_says_what_is_over() -> None:
    one = document(9, ImageSize(90, 90))
    (lengths,) = CHAT.lengths([one.document])
    tokens, patches = lengths.num_tokens, lengths.num_patches
    equal = {"pack_tokens": tokens, "max_patches": patches, "max_attention": tokens**2}
    assert only(one, **equal) == lengths
    for name, what in (
        ("pack_tokens", "tokens"),
        ("max_patches", "vision patches"),
        ("max_attention", "squared tokens of attention"),
    ):
        over = only(one, **{**equal, name: equal[name] - 1})
        assert over == Reject("k", Reason.TOO_LONG, f"{equal[name]} {what}, a pack holds {equal[name] - 1}")


def test_attention_of_a_document_over_46340_tokens() -> None:
    """Its square is over 2^31: it counts whole."""
    one = document(60_000)
    (lengths,) = CHAT.lengths([one.document])
    tokens = lengths.num_tokens
    assert tokens > 46_340
    assert only(one, pack_tokens=tokens, max_attention=tokens**2) == lengths
    assert isinstance(only(one, pack_tokens=tokens, max_attention=tokens**2 - 1), Reject)


def test_two_documents_of_one_token_are_planned_into_one_pack() -> None:
    settings = PackSettings(tokenizer=TOKENIZER, pack_tokens=16)
    ids = np.array([1, 2], np.uint64)
    group = GroupDocuments([document(1), document(1)], [Lengths(1, 0), Lengths(1, 0)], [ids])
    plan = group.plan(settings)
    assert (plan.num_packs, plan.pack.tolist()) == (1, [0, 0])


def test_every_bound_of_the_settings_is_one_of_the_plan() -> None:
    """Two documents of 20 tokens and 8 patches share a pack of 64, unless a bound allows less than both."""
    ids, lengths = np.array([1, 2], np.uint64), [Lengths(20, 8)] * 2
    group = GroupDocuments([document(1)] * 2, lengths, [ids])
    for bounds, packs in (
        ({}, 1),
        ({"pack_tokens": 39}, 2),
        ({"max_attention": 2 * 20**2 - 1}, 2),
        ({"max_attention": 2 * 21**2}, 1),
        ({"max_patches": 15}, 2),
        ({"max_patches": 17}, 1),
    ):
        plan = group.plan(PackSettings(tokenizer=TOKENIZER, **{"pack_tokens": 64, **bounds}))
        assert plan.num_packs == packs, bounds


def rounds(*words: int) -> LocatedDocument:
    """A conversation of a round for each number, each showing an image of its own."""
    messages = [
        message
        for index, count in enumerate(words)
        for message in (turn("user", Image(index), "x"), turn("assistant", "a " * count))
    ]
    images = tuple(ImageSize(60 + 28 * index, 60) for index in range(len(words)))
    media = tuple(Media(StoragePath.of(f"/{index}.png"), 1, "png", index) for index in range(len(words)))
    return LocatedDocument(Document("k", "s", tuple(messages), images), media)


def split(one: LocatedDocument, **pack: int) -> Outcome:
    (outcome,) = measured([one], CHAT, PackSettings(tokenizer=TOKENIZER, over_long="split_at_turns", **pack))
    return outcome


def test_pieces_come_with_their_lengths_and_the_media_that_they_show() -> None:
    one = rounds(20, 20, 20)
    (whole,) = CHAT.lengths([one.document])
    outcome = split(one, pack_tokens=whole.num_tokens - 1)
    assert isinstance(outcome, list)
    assert [located.document.key for located, _ in outcome] == ["k#0", "k#1"]
    assert [located.images for located, _ in outcome] == [one.images[:2], one.images[2:]]
    assert [lengths for _, lengths in outcome] == CHAT.lengths([located.document for located, _ in outcome])
    assert split(one, pack_tokens=whole.num_tokens) == [(one, whole)]


def test_what_cannot_be_split_is_rejected_as_a_whole() -> None:
    """A round too long by itself, a piece over another bound, and a whole that is over another bound only."""
    one = rounds(20, 60)
    (whole,) = CHAT.lengths([one.document])
    too_long = split(one, pack_tokens=60)
    assert isinstance(too_long, Reject) and too_long.key == "k" and "one round of" in too_long.detail
    piece = split(one, pack_tokens=whole.num_tokens - 1, max_patches=20)
    assert piece == Reject("k#1", Reason.TOO_LONG, "24 vision patches, a pack holds 20")
    tokens = whole.num_tokens
    attention = split(one, pack_tokens=tokens, max_attention=tokens**2 - 1)
    why = f"{tokens**2} squared tokens of attention, a pack holds {tokens**2 - 1}"
    assert attention == Reject("k", Reason.TOO_LONG, why)


def test_a_plan_is_of_the_ids_of_all_inputs_and_of_the_seed() -> None:
    """Ids are 64-bit numbers to the last bit, and each input's are those of its own documents."""
    settings = PackSettings(tokenizer=TOKENIZER, pack_tokens=64, seed=5)
    group, ids = GroupDocuments(), []
    for name in ("a", "b"):
        part = PackInput("pairs", name, StoragePath.of(f"/{name}.tar"), 1, 0, 1)
        keys = [f"{name}{number}" for number in range(20)]
        group.gather(part, (with_key(document(1), key) for key in keys), lambda _: None, CHAT, settings)
        ids.append(keyed.sample_ids("pairs", name, keys))
    wanted = plan_packs(
        group.num_tokens, 64, ids=np.concatenate(ids), seed=5, num_patches=group.num_patches, balance=True
    )
    assert group.plan(settings).pack.tolist() == wanted.pack.tolist()
    other = plan_packs(
        group.num_tokens, 64, ids=np.concatenate(ids), seed=0, num_patches=group.num_patches, balance=True
    )
    assert other.pack.tolist() != wanted.pack.tolist()


def with_key(one: LocatedDocument, key: str) -> LocatedDocument:
    return LocatedDocument(dataclasses.replace(one.document, key=key))
