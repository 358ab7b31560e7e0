"""Images and videos of a document: what the packer has to know of each, from its bytes."""

from __future__ import annotations

from transforms.conversations.document import ImageSize, VideoSize
from transforms.images.header import ImageFault
from transforms.packing.documents.image_bytes import measure_image, verify_image
from transforms.packing.documents.media import Media, content_hash
from transforms.packing.documents.video_bytes import VideoFault, VideoSampling, measure_video, num_shown_frames
from transforms.storage import StoragePath


def measured_image(
    data: bytes, path: StoragePath, offset: int | None, verify: bool
) -> tuple[Media, ImageSize] | ImageFault:
    """``offset``: where in the file at ``path`` it begins, None where it is all of it; ``verify``: decode it whole."""
    measured = measure_image(data)
    if isinstance(measured, ImageFault):
        return measured
    if verify and (fault := verify_image(data)):
        return fault
    return Media(path, len(data), measured[1], content_hash(data), offset), measured[0]


def measured_video(
    data: bytes, path: StoragePath, offset: int | None, name: str, sampling: VideoSampling
) -> tuple[Media, VideoSize] | VideoFault:
    """``name`` is that of the video itself, whose ending it keeps."""
    measure = measure_video(data)
    if isinstance(measure, VideoFault):
        return measure
    ending = name.rpartition(".")[2].lower()
    ending = ending if ending.isalnum() else "video"
    media = Media(path, len(data), ending, content_hash(data), offset, measure.total_frames)
    return media, VideoSize(num_shown_frames(measure, sampling), measure.width, measure.height)
