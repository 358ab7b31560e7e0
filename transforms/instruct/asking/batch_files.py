"""Requests and replies in files, for servers that answer overnight: OpenAI's batch format.

A line each (https://platform.openai.com/docs/guides/batch): ``custom_id`` is the key of the request, so that replies
find their place in whatever order they come.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from transforms.batching import batched
from transforms.errors import EvenweaveError, InputError
from transforms.instruct.asking.cache import ReplyCache
from transforms.instruct.asking.reply import Reply, reply_of
from transforms.instruct.asking.request import Request
from transforms.storage import StoragePath

#: What a batch may hold at most, by the same page; a request with images is cut off by bytes.
MOST_REQUESTS, MOST_BYTES = 50_000, 190_000_000
_URL = "/v1/chat/completions"
_KEY_BYTES = 16
_READ_LINES = 1_000


class RepliesMissingError(EvenweaveError):
    """A clean stop: requests were written, and their replies are awaited."""


@dataclass
class ReadReplies:
    """Of files of replies: those that are kept, and those that say to ask again."""

    kept: int = 0
    failed: int = 0


def write_requests(folder: StoragePath, name: str, requests: Iterable[Request], cache: ReplyCache) -> int:
    """Those that the cache does not know, once each, as ``<name>-00000.jsonl`` and on; returns how many."""
    for old in folder.walk():  # of replies that were read since then: sent again, they would be paid again
        if old.parent.path == folder.path and old.name.startswith(f"{name}-"):
            old.delete()
    written: set[bytes] = set()
    lines: list[bytes] = []
    size = number = 0
    for request in requests:
        if request.key in written or request.key in cache:
            continue
        line = json.dumps(
            {"custom_id": request.key.hex(), "method": "POST", "url": _URL, "body": request.body()}, ensure_ascii=False
        ).encode("utf-8", "backslashreplace")
        if lines and (len(lines) >= MOST_REQUESTS or size + len(line) > MOST_BYTES):
            number, size = _write(folder, name, number, lines), 0
            lines = []
        written.add(request.key)
        lines.append(line + b"\n")
        size += len(line) + 1
    if lines:
        _write(folder, name, number, lines)
    return len(written)


def _write(folder: StoragePath, name: str, number: int, lines: list[bytes]) -> int:
    (folder / f"{name}-{number:05d}.jsonl").write_bytes(b"".join(lines))
    return number + 1


def read_replies(path: StoragePath, cache: ReplyCache) -> ReadReplies:
    """Into the cache, those that it does not know; raises InputError naming the line that is none."""
    found = ReadReplies()
    lines = enumerate(path.read_bytes().splitlines(), start=1)
    for batch in batched(lines, _READ_LINES):
        for number, line in batch:
            if line.strip():
                _take(path, number, line, cache, found)
    return found


def _take(path: StoragePath, number: int, line: bytes, cache: ReplyCache, found: ReadReplies) -> None:
    try:
        values: dict[str, Any] = json.loads(line)
        key = bytes.fromhex(values["custom_id"])
        if len(key) != _KEY_BYTES:
            raise ValueError("not a key")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}, line {number}: is no reply to a request of a batch: {error}") from None
    response = values.get("response") or {}
    status, body = response.get("status_code"), response.get("body") or {}
    reply = reply_of(body) if status == 200 else None
    if status in (400, 413, 422):
        reply = Reply(json.dumps(body, ensure_ascii=False)[:300], "refused")
    if reply is None:
        found.failed += 1
        return
    if key not in cache:
        cache.keep(key, reply)
        found.kept += 1
