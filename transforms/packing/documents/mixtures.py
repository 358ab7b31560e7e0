"""Tars of an instruction mixture as documents: ``<key>.json`` with the turns, beside it the media that they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from transforms.bounded_json import decode
from transforms.conversations.adapters import Conversation, to_document
from transforms.conversations.document import Image, ImageSize, Message, Part, Text, Video, VideoSize
from transforms.images.header import ImageFault
from transforms.packing.documents.measured import measured_image, measured_video
from transforms.packing.documents.media import LocatedDocument, Media
from transforms.packing.documents.video_bytes import VideoFault, VideoSampling
from transforms.packing.inputs import PackInput
from transforms.packing.sources import PackSource
from transforms.reading.formats.tar_groups import TarGroup, read_groups
from transforms.rejects import Reason, Reject
from transforms.tar.reader import TarMember

_MOST_BYTES = 256 << 20  # of a member, as of image-text tars


def read_mixture(part: PackInput, source: PackSource, sampling: VideoSampling) -> Iterator[LocatedDocument | Reject]:
    """Every sample of the tar as a document or a reject, in order; which answers are learnt is as the record says."""
    seen: set[str] = set()
    for group in read_groups(part.shard, part.path, part.size_bytes, lambda _: _MOST_BYTES):
        if isinstance(group, Reject):
            yield group
        else:
            yield group.fault(seen) or group.unread(*group.members) or _document(group, part, source, sampling)


def _document(
    group: TarGroup, part: PackInput, source: PackSource, sampling: VideoSampling
) -> LocatedDocument | Reject:
    try:
        conversation = _conversation(decode(group.members["json"].data.decode()))
        shown = [group.members[name] for name in (*conversation.images, *conversation.videos)]
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        detail = f"no record of a mixture ({type(error).__name__}: {str(error)[:80]}): name its right format"
        return Reject(group.key, Reason.MALFORMED_RECORD, detail)
    images: list[Media] = []
    videos: list[Media] = []
    sizes: list[ImageSize] = []
    video_sizes: list[VideoSize] = []
    for index, member in enumerate(shown):
        if index < len(conversation.images):
            image = _image(group.key, member, part, source)
            if isinstance(image, Reject):
                return image
            images.append(image[0])
            sizes.append(image[1])
        else:
            video = _video(group.key, member, part, sampling)
            if isinstance(video, Reject):
                return video
            videos.append(video[0])
            video_sizes.append(video[1])
    document = to_document(group.key, source.name, conversation, sizes, video_sizes)
    return document if isinstance(document, Reject) else LocatedDocument(document, tuple(images), tuple(videos))


def _conversation(record: Mapping[str, Any]) -> Conversation:
    """Raises ValueError, KeyError or TypeError for what is none."""
    numbers = {"image": 0, "video": 0}

    def part_of(values: Mapping[str, Any]) -> Part:
        kind = values["type"]
        if kind == "text":
            return Text(_text(values["text"]))
        numbers[kind] += 1
        return Image(numbers[kind] - 1) if kind == "image" else Video(numbers[kind] - 1)

    messages = tuple(
        Message(
            turn["role"],
            tuple(part_of(one) for one in turn["content"]),
            train=bool(turn["train"]),
            reasoning=turn["reasoning_content"],
        )
        for turn in record["messages"]
    )
    if (numbers["image"], numbers["video"]) != (len(record["images"]), len(record["videos"])):
        raise ValueError("the turns show more or fewer media than it names")
    return Conversation(messages, tuple(record["images"]), tuple(record["videos"]), record.get("tools") or "")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a text that is {type(value).__name__}")
    return value


def _image(key: str, member: TarMember, part: PackInput, source: PackSource) -> tuple[Media, ImageSize] | Reject:
    found = measured_image(member.data, part.path, member.data_offset, source.verify_images)
    return Reject(key, found.reason, f"{member.name}: {found.detail}") if isinstance(found, ImageFault) else found


def _video(key: str, member: TarMember, part: PackInput, sampling: VideoSampling) -> tuple[Media, VideoSize] | Reject:
    found = measured_video(member.data, part.path, member.data_offset, member.name, sampling)
    return Reject(key, found.reason, f"{member.name}: {found.detail}") if isinstance(found, VideoFault) else found
