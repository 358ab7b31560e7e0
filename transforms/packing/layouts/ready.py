"""A pack with all that a layout may want to write of it: documents, tokens, and the original bytes of its media."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from transforms.errors import EvenweaveError
from transforms.packing.documents.chat import ChatTokenizer, Tokenised
from transforms.packing.documents.media import LocatedDocument, MediaReader
from transforms.rejects import Reject

_AHEAD = 2  # packs being read for each thread


@dataclass(frozen=True)
class ReadyPack:
    """``images[d]`` and ``videos[d]`` are the bytes of document d; ``tokenised`` is empty in layouts without tokens."""

    key: str
    located: tuple[LocatedDocument, ...]
    tokenised: tuple[Tokenised, ...]
    images: tuple[tuple[bytes, ...], ...]
    videos: tuple[tuple[bytes, ...], ...]


def ready_packs(
    packs: Iterable[tuple[str, Sequence[LocatedDocument]]], chat: ChatTokenizer | None, threads: int
) -> Iterator[ReadyPack]:
    """Packs in order, read ahead by a few threads."""
    reader = MediaReader()
    with ThreadPoolExecutor(threads, thread_name_prefix="read") as pool:
        waiting: deque[Future[ReadyPack]] = deque()
        try:
            for key, documents in packs:
                waiting.append(pool.submit(_ready, key, tuple(documents), chat, reader))
                if len(waiting) > _AHEAD * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
            reader.close()


def _ready(
    key: str, documents: tuple[LocatedDocument, ...], chat: ChatTokenizer | None, reader: MediaReader
) -> ReadyPack:
    return ReadyPack(
        key,
        documents,
        _tokenised(documents, chat) if chat else (),
        tuple(tuple(reader.read(image) for image in one.images) for one in documents),
        tuple(tuple(reader.read(video) for video in one.videos) for one in documents),
    )


def _tokenised(documents: Sequence[LocatedDocument], chat: ChatTokenizer) -> tuple[Tokenised, ...]:
    tokenised = []
    for one in chat.encode([one.document for one in documents]):
        if isinstance(one, Reject):
            raise EvenweaveError(f"{one.key} was measured and cannot be written: {one.detail}; please report this")
        tokenised.append(one)
    return tuple(tokenised)
