"""The documents of a group, read once: measured, split or rejected where they must be, and dealt to packs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from transforms import keyed
from transforms.batching import batched
from transforms.packing.documents.chat import ChatTokenizer, Lengths
from transforms.packing.documents.media import LocatedDocument
from transforms.packing.documents.splitting import split_at_turns
from transforms.packing.inputs import PackInput
from transforms.packing.layouts.registry import Fault
from transforms.packing.plan.planner import Plan, plan_packs
from transforms.packing.settings import PackSettings
from transforms.rejects import Reason, Reject


@dataclass
class GroupDocuments:
    """What came of the inputs of a group. ``lengths`` stays empty where nothing is measured."""

    located: list[LocatedDocument] = field(default_factory=list)
    lengths: list[Lengths] = field(default_factory=list)
    ids: list[NDArray[np.uint64]] = field(default_factory=list)
    rows_in: int = 0
    rows_out: int = 0  # documents before splitting
    rejects: dict[PackInput, list[Reject]] = field(default_factory=dict)

    def gather(
        self,
        part: PackInput,
        documents: Iterable[LocatedDocument | Reject],
        fault: Fault,
        chat: ChatTokenizer | None,
        settings: PackSettings,
    ) -> None:
        """Add the documents of one input; without ``chat`` they are taken as they are."""
        rejects = self.rejects.setdefault(part, [])
        first = len(self.located)
        for batch in batched(documents, settings.tokenize_batch):
            self.rows_in += len(batch)
            kept: list[LocatedDocument] = []
            for one in batch:
                if isinstance(one, Reject):
                    rejects.append(one)
                elif why := fault(one):
                    rejects.append(Reject(one.document.key, Reason.NOT_IN_LAYOUT, why))
                else:
                    kept.append(one)
            for outcome in measured(kept, chat, settings):
                if isinstance(outcome, Reject):
                    rejects.append(outcome)
                    continue
                self.rows_out += 1
                for located, lengths in outcome:
                    self.located.append(located)
                    if lengths is not None:
                        self.lengths.append(lengths)
        keys = (located.document.key for located in self.located[first:])
        self.ids.append(keyed.sample_ids(part.source, part.name, keys))

    @property
    def num_tokens(self) -> NDArray[np.int32]:
        return np.array([lengths.num_tokens for lengths in self.lengths], np.int32)

    @property
    def num_patches(self) -> NDArray[np.int32]:
        return np.array([lengths.num_patches for lengths in self.lengths], np.int32)

    def plan(self, settings: PackSettings) -> Plan:
        """Every document in a pack: what no pack can hold was rejected when it was measured."""
        plan = plan_packs(
            self.num_tokens,
            settings.pack_tokens,
            ids=np.concatenate([np.empty(0, np.uint64), *self.ids]),
            seed=settings.seed,
            num_patches=self.num_patches,
            max_patches=settings.max_patches,
            max_attention=settings.max_attention,
            balance=settings.balance,
        )
        assert not len(plan.too_long())
        return plan

    def in_keyed_order(self, seed: int) -> list[LocatedDocument]:
        ids = np.concatenate([np.empty(0, np.uint64), *self.ids])
        return [self.located[row] for row in np.argsort(keyed.mix64(ids, seed, "document order")).tolist()]


Outcome = list[tuple[LocatedDocument, Lengths | None]] | Reject


def measured(
    documents: Sequence[LocatedDocument], chat: ChatTokenizer | None, settings: PackSettings
) -> Iterator[Outcome]:
    """For each document itself with its lengths, or its pieces, or why no pack can hold it."""
    if chat is None:
        for one in documents:
            yield [(one, None)]
        return
    for one, lengths in zip(documents, chat.lengths([one.document for one in documents]), strict=True):
        if isinstance(lengths, Reject):
            yield lengths
        elif not (why := _over(lengths, settings)):
            yield [(one, lengths)]
        elif settings.over_long == "split_at_turns" and lengths.num_tokens > settings.pack_tokens:
            yield _split(one, chat, settings)
        else:
            yield Reject(one.document.key, Reason.TOO_LONG, why)


def _over(lengths: Lengths, settings: PackSettings) -> str | None:
    """Which capacity of a pack the document exceeds by itself."""
    attention = lengths.num_tokens**2
    for amount, what, most in (
        (lengths.num_tokens, "tokens", settings.pack_tokens),
        (lengths.num_patches, "vision patches", settings.max_patches),
        (attention, "squared tokens of attention", settings.max_attention),
    ):
        if most is not None and amount > most:
            return f"{amount} {what}, a pack holds {most}"
    return None


def _split(located: LocatedDocument, chat: ChatTokenizer, settings: PackSettings) -> Outcome:
    """The pieces, each with the media that its turns show."""
    pieces = split_at_turns(located.document, chat, settings.pack_tokens)
    if isinstance(pieces, Reject):
        return pieces
    outcome: list[tuple[LocatedDocument, Lengths | None]] = []
    for piece, lengths in zip(pieces, chat.lengths([piece.document for piece in pieces]), strict=True):
        assert not isinstance(lengths, Reject)  # of the whole it was measured
        if why := _over(lengths, settings):
            return Reject(piece.document.key, Reason.TOO_LONG, why)
        images = tuple(located.images[index] for index in piece.images)
        videos = tuple(located.videos[index] for index in piece.videos)
        outcome.append((LocatedDocument(piece.document, images, videos), lengths))
    return outcome
