"""How long each row is: images, tokens, tokens of the loss. Counted once, and kept beside the run's other data.

``lengths/`` is no stage's: other shares are drawn from the same lengths, so a mixture that is made anew tokenises
nothing. It may be deleted at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from transforms.batching import batched
from transforms.configuration import fingerprint
from transforms.conversations.adapters import Conversation, to_document
from transforms.conversations.document import Document, ImageSize, VideoSize
from transforms.datasets import ShardName, read_metadata, read_table, write_table
from transforms.errors import EvenweaveError, RunFolderError
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.part_files import read_rows
from transforms.instruct.publishing.shown import shown
from transforms.instruct.rows import Medium, Row
from transforms.packing.documents.chat import IGNORED_LABEL, ChatTokenizer
from transforms.packing.documents.video_bytes import VideoSampling
from transforms.rejects import Counts, Reject
from transforms.stages import MIX
from transforms.storage import StoragePath

LENGTHS = pa.schema([("key", pa.string()), ("images", pa.int32()), ("tokens", pa.int32()), ("loss_tokens", pa.int32())])
_ASSUMED_FRAMES_PER_SEC = 30
_BATCH_ROWS = 512  # tokenised at once


def read_lengths(
    folder: InstructFolder, name: ShardName, chat: ChatTokenizer | None, before: str = MIX.name
) -> pa.Table:
    """One row of :data:`LENGTHS` for each row that the stage ``before`` takes in, in their order; without ``chat``
    tokens are 0."""
    kept = "lengths" if before == MIX.name else f"lengths/.{before}"
    path = folder.root / f"{kept}/{name.source}/{name.shard}.parquet"
    made_with = _fingerprint(folder, chat, before)
    if not is_there(path, made_with):
        table = lengths(read_rows(folder, name, before), chat)
        write_table(path, table, made_with, Counts(table.num_rows, table.num_rows))
    return read_table(path, made_with)


def lengths(rows: Sequence[Row], chat: ChatTokenizer | None) -> pa.Table:
    """``rows`` → :data:`LENGTHS`. Images with the tokens that they become, thoughts before their answers. A row that
    the chat template has no place for has no tokens: it cannot be learnt from."""
    counts = np.zeros((len(rows), 3), np.int32)
    done = 0
    for batch in batched(rows, _BATCH_ROWS):
        documents = [document(row) for row in batch]
        counts[done : done + len(batch), 0] = [len(one.images) for one in documents]
        if chat is not None:
            counts[done : done + len(batch), 1:] = list(_tokens(documents, chat))
        done += len(batch)
    columns = [pa.array([row.key for row in rows], pa.string()), *(pa.array(column) for column in counts.T.copy())]
    return pa.table(columns, schema=LENGTHS)


def document(row: Row) -> Document:
    """As a trainer tokenises the row: tools and thoughts folded into the turns, each medium by its size."""
    seen = shown(row)
    images = [ImageSize(one.width or 0, one.height or 0) for one in seen.media if one.kind == "image"]
    videos = [_video(one) for one in seen.media if one.kind == "video"]
    conversation = Conversation(seen.messages, tuple(range(len(images))), tuple(range(len(videos))), seen.tools)
    found = to_document(row.key, row.source, conversation, images, videos)
    if isinstance(found, Reject):
        raise EvenweaveError(f"{row.key} cannot be counted: {found.detail}; please report this")
    return found


def _video(medium: Medium) -> VideoSize:
    """By the published sampling; a row does not keep how fast a video runs, so 30 frames a second are assumed."""
    sampling, frames = VideoSampling(), medium.frames or 1
    wanted = int(frames * sampling.frames_per_sec / _ASSUMED_FRAMES_PER_SEC)
    shown_frames = min(max(wanted, sampling.min_frames), sampling.max_frames, frames)
    return VideoSize(shown_frames, medium.width or 0, medium.height or 0)


def _tokens(documents: Sequence[Document], chat: ChatTokenizer) -> Iterator[tuple[int, int]]:
    for one in chat.encode(documents):
        if isinstance(one, Reject):
            yield 0, 0
        else:
            yield one.num_tokens, int((one.labels != IGNORED_LABEL).sum())


def _fingerprint(folder: InstructFolder, chat: ChatTokenizer | None, stage: str) -> str:
    """Of the rows as they come in, and of what counts."""
    before = folder.before(stage)[-1]
    return fingerprint("lengths", folder.fingerprints[before], None if chat is None else chat.fingerprint)


def is_there(path: StoragePath, made_with: str) -> bool:
    """Whether a file that is kept beside the run is of these rows, and was made with this."""
    if not path.is_file():
        return False
    try:
        read_metadata(path, made_with)
    except RunFolderError:  # of other rows, or another tokenizer
        return False
    return True
