"""The images of one input shard: what is asked of each, and what is kept of the replies."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.browsing.found_images import Fetch
from transforms.browsing.rows import selected_keys
from transforms.captioning.checks import check_caption
from transforms.captioning.files import CAPTIONS, KEYS_DIGEST, CaptionFolder, keys_digest
from transforms.captioning.safety import CaptionGate, Written
from transforms.captioning.settings import NAMES, CaptionSettings
from transforms.datasets import ShardName, read_counts, read_metadata, rejects_table, write_table
from transforms.errors import RunFolderError
from transforms.instruct.asking.parts import reply_from
from transforms.instruct.asking.prompts import Prompt
from transforms.instruct.asking.request import Request, ShownImage
from transforms.instruct.asking.shown_images import as_servers_know
from transforms.rejects import Counts, Reject
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder
from transforms.stages import EXPORT


class Chosen(NamedTuple):
    """An image that balance chose, once however many copies there will be: columns of the annotations."""

    key: str
    member_offset: int
    member_bytes: int
    content_hash: bytes


@dataclass(frozen=True)
class CaptionParts:
    """What every worker knows. ``made_with``: the fingerprint of the files of captions."""

    run: RunFolder
    settings: CaptionSettings
    prompt: Prompt
    made_with: str
    cache: str

    @property
    def folder(self) -> CaptionFolder:
        return CaptionFolder.of(self.run)

    def requests(self, names: Sequence[ShardName], fetch: Fetch) -> Iterator[Request]:
        """Of the shards that are not done: each image in each language. Images are read when they are sent."""
        for name in names:
            rows = self._chosen(name)
            if self._done(name, rows) is None:
                for row in rows:
                    for language in self.settings.languages:
                        yield self._request(row, language, functools.partial(_read, fetch, name, row))

    def judge(self, name: ShardName) -> Counts:
        """Writes the captions of a shard unless they are there; captions in, and taken. Raises RunFolderError where a
        reply is not in the cache."""
        rows = self._chosen(name)
        if (counts := self._done(name, rows)) is not None:
            return counts
        taken: list[Written] = []
        rejects: list[Reject] = []
        for row in rows:
            for language in self.settings.languages:
                request = self._request(row, language, _never_read)
                text, reason, detail = check_caption(reply_from(self.cache, request.key), language, self.settings)
                if reason is None:
                    taken.append(Written(row.key, language, text, self.settings.server.by, request.prompt, request.key))
                else:
                    rejects.append(Reject(row.key, reason, f"{language}: {detail}"))
        safe, stopped = self._gate.judge(taken)
        rejects += stopped
        kept = [one._asdict() for one in safe]
        counts = Counts.of(len(kept), rejects)
        path = self.folder.rejects(name)
        if rejects:
            write_table(path, rejects_table(name.shard, rejects), self.made_with, counts)
        elif path.is_file():
            path.delete()
        about = {KEYS_DIGEST: keys_digest(name, [row.key for row in rows])}
        write_table(self.folder.kept(name), pa.Table.from_pylist(kept, CAPTIONS), self.made_with, counts, about)
        return counts

    @cached_property
    def _gate(self) -> CaptionGate:
        return CaptionGate(self.settings.safety)

    def _chosen(self, name: ShardName) -> list[Chosen]:
        table = read_remaining(self.run, name, EXPORT, Chosen._fields)
        table = table.filter(pc.is_in(table["key"], value_set=selected_keys(self.run, name)))
        return [Chosen(*row) for row in zip(*(table[column].to_pylist() for column in Chosen._fields), strict=True)]

    def _done(self, name: ShardName, rows: Sequence[Chosen]) -> Counts | None:
        """The counts of a shard whose captions are there, of these settings and images."""
        path = self.folder.kept(name)
        if not path.is_file():
            return None
        try:
            about = read_metadata(path, self.made_with)
        except RunFolderError:  # of other settings, or damaged: made anew
            return None
        same = about.get(KEYS_DIGEST) == keys_digest(name, [row.key for row in rows])
        return read_counts(path, self.made_with) if same else None

    def _request(self, row: Chosen, language: str, read: Callable[[], tuple[bytes, str]]) -> Request:
        turns = self.prompt.turns({"language": NAMES[language]}, (ShownImage(row.content_hash, read),))
        return Request.to(self.settings.server, turns, self.prompt.digest)


def _read(fetch: Fetch, name: ShardName, row: Chosen) -> tuple[bytes, str]:
    return as_servers_know(fetch(name.source, name.shard, row.member_offset, row.member_bytes))


def _never_read() -> tuple[bytes, str]:
    raise AssertionError("a request that is only looked up reads no image")
