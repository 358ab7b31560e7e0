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
from transforms.reading.formats.tar_groups import split_name
from transforms.reading.retried_file import RetriedFile
from transforms.rejects import Reason, Reject
from transforms.tar.blocks import ArchiveBytes
from transforms.tar.reader import BrokenTarError, DamagedBlocks, TarMember, read_members

KIND_OF_ENDING: dict[str, MediaKind] = {
    **dict.fromkeys(("jpg", "jpeg", "png", "webp"), "image"),
    **dict.fromkeys(("mp4", "avi", "mkv", "mov", "webm"), "video"),
}
_TEXTS = ("json", "txt")
_MOST_MEDIA_BYTES, _MOST_TEXT_BYTES = 256 << 20, 16 << 20  # as of image-text tars


def read_tar(part: InstructPart) -> Iterator[tuple[str, dict[str, Any]] | Reject]:
    """Each sample as a record, its media as :class:`Medium` in the order of their members, or in that in which the
    record's own list names them. A cut archive ends in one reject."""
    sample: dict[str, TarMember] = {}
    sample_key = ""
    with RetriedFile(part.path, part.size_bytes) as stream:
        try:
            for member in read_members(ArchiveBytes(stream, part.size_bytes), _most_bytes):
                if isinstance(member, DamagedBlocks):
                    detail = f"{member.end_offset - member.offset} bytes from byte {member.offset} on follow no header"
                    yield Reject(str(member.offset), Reason.DAMAGED_BLOCKS, detail)
                    continue
                key, ending = split_name(member.name)
                if not key:
                    continue
                if sample and (key != sample_key or ending in sample):
                    yield _record(sample_key, sample, part)
                    sample = {}
                sample_key = key
                sample[ending] = member
        except BrokenTarError as broken:
            yield Reject(sample_key or part.name, Reason.TRUNCATED_SHARD, f"{broken.detail}; all that followed is lost")
            return
    if sample:
        yield _record(sample_key, sample, part)


def _most_bytes(name: str) -> int:
    ending = split_name(name)[1]
    if ending in _TEXTS:
        return _MOST_TEXT_BYTES
    return _MOST_MEDIA_BYTES if _kind(ending) else 0


def _kind(ending: str) -> MediaKind | None:
    return KIND_OF_ENDING.get(ending.rpartition(".")[2])


def _record(key: str, members: Mapping[str, TarMember], part: InstructPart) -> tuple[str, dict[str, Any]] | Reject:
    for ending, member in members.items():
        if (ending in _TEXTS or _kind(ending)) and not (member.is_regular and len(member.data) == member.size_bytes):
            reason = Reason.MEMBER_TOO_LARGE if member.is_regular else Reason.NOT_REGULAR_FILE
            return Reject(key, reason, f"{member.name}, of {member.size_bytes} bytes")
    try:
        record = _texts(members)
    except ValueError as error:
        return Reject(key, Reason.MALFORMED_RECORD, str(error))
    media: dict[MediaKind, dict[str, Medium]] = {"image": {}, "video": {}}
    for ending, member in members.items():
        if kind := _kind(ending):
            media[kind][member.name] = Medium(
                kind, str(part.path), member.name, member.data_offset, member.size_bytes, member.data
            )
    for kind, found in media.items():
        record.update(_listed(record, kind, found))
    return key, record


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
