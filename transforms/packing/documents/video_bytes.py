"""The bytes of a video → how long and large it is, which frames are shown, and these frames.

Sizes and pixels are those of the picture as it is meant to be seen: turned and mirrored as the display matrix asks,
which is to a video what EXIF orientation is to an image.

Which frames: Qwen2-VL's rule, ``sample_frames`` of transformers' Qwen2VLVideoProcessor with one frame a patch: so many
a second, at least and at most so many, evenly over the whole video.
"""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray
from pydantic import Field

from transforms.configuration import Settings
from transforms.conversations.document import VideoSize
from transforms.errors import InputError
from transforms.rejects import Reason


class VideoSampling(Settings):
    """How many frames of a video are shown to the model."""

    frames_per_sec: float = Field(default=2.0, gt=0, description="2 in the published training code")
    min_frames: int = Field(default=4, ge=1, description="of a short video; never more than it has")
    max_frames: int = Field(default=768, ge=1, description="768 in the published training code")


class VideoMeasure(NamedTuple):
    """``width`` and ``height`` are upright."""

    total_frames: int
    frames_per_sec: float
    width: int
    height: int


class VideoFault(NamedTuple):
    """Why a video cannot be used."""

    reason: Reason
    detail: str


#: What may be missing of the time that a container declares: the last packet often has no duration, and headers round.
_TOLERATED_FRAMES, _TOLERATED_SHARE = 2, 0.02


def measure_video(data: bytes) -> VideoMeasure | VideoFault:
    """Counts the packets of the first video stream; decodes its first frame, since only frames tell how they lie.

    What ends before its container says that it does is truncated: its rest would be missing from what is shown.
    """
    try:
        with av.open(io.BytesIO(data), mode="r", metadata_errors="replace") as container:
            if len(container.streams) and not container.streams.video:
                kinds = ", ".join(sorted({stream.type for stream in container.streams}))
                return VideoFault(Reason.NO_VIDEO_STREAM, f"no stream of video, only of {kinds}")
            stream = container.streams.video[0]
            stream.thread_type = "NONE"
            rate = float(stream.average_rate or stream.guessed_rate or 1)
            total, end_secs = 0, 0.0
            first: Any = None
            for packet in container.demux():
                end_secs = max(end_secs, _end_secs(packet))
                if packet.stream is stream:
                    total += packet.size > 0
                    first = first or next(iter(packet.decode()), None)
            declared_secs = _declared_secs(container, stream, rate)
    except (av.FFmpegError, ValueError, IndexError) as error:
        return VideoFault(Reason.UNDECODABLE_VIDEO, _said(error))
    if first is None or not total:
        return VideoFault(Reason.UNDECODABLE_VIDEO, "no frame can be decoded")
    if declared_secs - end_secs > _TOLERATED_FRAMES / rate + _TOLERATED_SHARE * declared_secs:
        return VideoFault(Reason.TRUNCATED_VIDEO, f"ends after {end_secs:.1f} of {declared_secs:.1f} seconds")
    width, height = (first.height, first.width) if _Upright.of(first).turned else (first.width, first.height)
    return VideoMeasure(total, rate, width, height)


def _end_secs(packet: av.Packet[Any]) -> float:
    """When what a packet holds ends; 0 where it does not say."""
    if packet.pts is None or packet.time_base is None:
        return 0.0
    return float((packet.pts + (packet.duration or 0)) * packet.time_base)


def _declared_secs(container: InputContainer, stream: VideoStream, rate: float) -> float:
    """By the container's own account. Of an AVI FFmpeg works the time out from the bytes that are there, so that its
    header's count of frames is taken; that of others may count frames which an edit list leaves out."""
    if container.format.name == "avi":
        return stream.frames / rate
    return (container.duration or 0) / av.time_base


def num_shown_frames(measure: VideoMeasure, sampling: VideoSampling) -> int:
    wanted = measure.total_frames / measure.frames_per_sec * sampling.frames_per_sec
    return max(1, int(min(max(wanted, sampling.min_frames), sampling.max_frames, measure.total_frames)))


def frame_indices(total_frames: int, frames: int) -> NDArray[np.int64]:
    """(frames,) indices, evenly over the video, beginning with its first frame."""
    return np.arange(frames, dtype=np.int64) * total_frames // frames


def decode_frames(data: bytes, stated: VideoSize, total_frames: int, where: str) -> NDArray[np.uint8]:
    """(frames, h, w, 3) pixels of the frames shown; raises InputError, naming ``where``, when they are not as stated.

    Of a video whose last frames cannot be decoded, the last one that can is shown in their place.
    """
    wanted = frame_indices(total_frames, stated.frames)
    found: list[NDArray[np.uint8]] = []
    frame = upright = None
    try:
        with av.open(io.BytesIO(data), mode="r", metadata_errors="replace") as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"  # workers are processes already
            for index, frame in enumerate(container.decode(stream)):
                upright = upright or _Upright.of(frame)
                while len(found) < len(wanted) and index >= wanted[len(found)]:
                    found.append(upright.rgb(frame))
                if len(found) == len(wanted):
                    break
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise InputError(f"{where} cannot be decoded: {_said(error)}. Remove it and pack the source again.") from error
    if frame is None or upright is None:
        raise InputError(f"{where} has no frame that can be decoded. Remove it and pack the source again.")
    found += [upright.rgb(frame)] * (len(wanted) - len(found))
    height, width = found[0].shape[:2]
    if (width, height) != (stated.width, stated.height):
        raise InputError(
            f"{where} is {width}x{height} pixels, the pack states {stated.width}x{stated.height}: its tokens were "
            "planned for another video. Pack the source again."
        )
    return np.stack(found)


def _said(error: Exception) -> str:
    """Without the number and the file's name that PyAV adds."""
    if isinstance(error, IndexError):
        return "no stream of video"
    return str(getattr(error, "strerror", None) or error)


class _Upright(NamedTuple):
    """How frames are to be laid: rows and columns exchanged, then columns or rows in reverse."""

    turned: bool
    columns_reversed: bool
    rows_reversed: bool

    @classmethod
    def of(cls, frame: av.VideoFrame) -> _Upright:
        """From the frame's display matrix (libavutil/display.h): x' = a·x + c·y, y' = b·x + d·y; none is upright."""
        matrix: Any = frame.side_data.get("DISPLAYMATRIX")
        if matrix is None:
            return cls(False, False, False)
        a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
        turned = abs(b) > abs(a)
        return cls(turned, (c if turned else a) < 0, (b if turned else d) < 0)

    def rgb(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """(h, w, 3)"""
        pixels = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
        pixels = pixels.transpose(1, 0, 2) if self.turned else pixels
        return pixels[:: -1 if self.rows_reversed else 1, :: -1 if self.columns_reversed else 1]
