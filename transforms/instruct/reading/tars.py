"""WebDataset tars of instruction data: a sample's ``.json`` is its record, its other members are its media.

Members of one sample are ``<key>.json``, ``<key>.jpg`` or ``<key>.0.jpg``, ``<key>.1.jpg`` and so on; a ``.txt`` is the
caption of a sample without a record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from transforms.bounded_json import decode
from transforms.instruct.reading.inputs import InstructPart
from transforms.instruct.rows import MediaKind, Medium
from transforms.reading.formats.tar_groups import TarGroup, read_groups
from transforms.reading.input_shard import InputShard
from transforms.rejects import Reason, Reject
from transforms.tar.reader import TarMember

KIND_OF_ENDING: dict[str, MediaKind] = {
    **dict.fromkeys(("jpg", "jpeg", "png", "webp"), "image"),
    **dict.fromkeys(("mp4", "avi", "mkv", "mov", "webm"), "video"),
}
_TEXTS = ("json", "txt")
_MOST_MEDIA_BYTES, _MOST_TEXT_BYTES = 256 << 20, 16 << 20  # as of image-text tars


def read_tar(part: InstructPart) -> Iterator[tuple[str, dict[str, Any]] | Reject]:
    """Each sample as a record, its media as :class:`Medium` in the order of their members, or in that in which the
    record's own list names them. A cut archive ends in one reject; raises InputError for a file without a member."""
    shard = InputShard(part.source, part.name, "webdataset", part.path, part.size_bytes)
    seen: set[str] = set()
    for group in read_groups(shard, part.path, part.size_bytes, _most_bytes):
        if isinstance(group, Reject):
            yield group
            continue
        read = [ending for ending in group.members if _most_bytes(ending)]
        yield group.fault(seen) or group.unread(*read) or _record(group, part)


def _most_bytes(ending: str) -> int:
    if ending in _TEXTS:
        return _MOST_TEXT_BYTES
    return _MOST_MEDIA_BYTES if _kind(ending) else 0


def _kind(ending: str) -> MediaKind | None:
    return KIND_OF_ENDING.get(ending.rpartition(".")[2])


def _record(group: TarGroup, part: InstructPart) -> tuple[str, dict[str, Any]] | Reject:
    try:
        record = _texts(group.members)
    except ValueError as error:
        return Reject(group.key, Reason.MALFORMED_RECORD, str(error))
    media: dict[MediaKind, dict[str, Medium]] = {"image": {}, "video": {}}
    for ending, member in group.members.items():
        if kind := _kind(ending):
            media[kind][member.name] = Medium(
                kind, str(part.path), member.name, member.data_offset, member.size_bytes, member.data
            )
    for kind, found in media.items():
        record.update(_listed(record, kind, found))
    return group.key, record


def _texts(members: Mapping[str, TarMember]) -> dict[str, Any]:
    """The record, or what its caption makes one. Raises ValueError for JSON that is no object or list of turns."""
    if "json" not in members:
        return {"caption": members["txt"].data.decode("utf-8-sig")} if "txt" in members else {}
    record = decode(members["json"].data.decode("utf-8-sig"))
    if isinstance(record, list) and record and all(isinstance(turn, dict) for turn in record):
        record = {"conversations" if "from" in record[0] else "messages": record}
    if not isinstance(record, dict):
        raise ValueError(f"not a JSON object: {str(record)[:80]}")
    if "txt" in members and not any(field in record for field in ("messages", "conversations", "texts", "caption")):
        record["caption"] = members["txt"].data.decode("utf-8-sig")
    return record


def _listed(record: Mapping[str, Any], kind: MediaKind, found: dict[str, Medium]) -> dict[str, Any]:
    """The sample's media of one kind in the place of the names in its record, where the record names each of them by
    the end of its member's name; else as the members stand."""
    if not found:
        return {}
    named = record.get(f"{kind}s", record.get(kind))
    names = [named] if isinstance(named, str) else list(named) if isinstance(named, list) else []
    matches = [next((one for name, one in found.items() if name.endswith(str(wanted))), None) for wanted in names]
    return {f"{kind}s": matches if names and all(matches) else list(found.values())}
