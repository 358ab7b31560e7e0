"""The bytes of a video → how long and large it is, which frames are shown, and these frames.

Which frames: Qwen2-VL's rule, ``sample_frames`` of transformers' Qwen2VLVideoProcessor with one frame a patch: so many
a second, at least and at most so many, evenly over the whole video.
"""

from __future__ import annotations

import io
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from transforms.configuration import Settings
from transforms.conversations.document import VideoSize
from transforms.errors import InputError


class VideoSampling(Settings):
    """How many frames of a video are shown to the model."""

    frames_per_sec: float = Field(default=2.0, gt=0, description="2 in the published training code")
    min_frames: int = Field(default=4, ge=1, description="of a short video; never more than it has")
    max_frames: int = Field(default=768, ge=1, description="768 in the published training code")


class VideoMeasure(NamedTuple):
    total_frames: int
    frames_per_sec: float
    width: int
    height: int


def measure_video(data: bytes) -> VideoMeasure:
    """Counts the packets of the first video stream, decoding none; raises ValueError for what is no video."""
    try:
        with av.open(io.BytesIO(data), mode="r") as container:
            stream = container.streams.video[0]
            total = sum(packet.size > 0 for packet in container.demux(stream))
            rate = float(stream.average_rate or stream.guessed_rate or 1)
            measure = VideoMeasure(total, rate, stream.codec_context.width, stream.codec_context.height)
    except (av.FFmpegError, IndexError) as error:
        raise ValueError(f"no video that can be read: {error}") from error
    if not (measure.total_frames and measure.width and measure.height):
        raise ValueError(f"a video of {measure.total_frames} frames, {measure.width}x{measure.height} pixels")
    return measure


def shown_frames(measure: VideoMeasure, sampling: VideoSampling) -> int:
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
    frame = None
    try:
        with av.open(io.BytesIO(data), mode="r") as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"  # workers are processes already
            for index, frame in enumerate(container.decode(stream)):
                while len(found) < len(wanted) and index >= wanted[len(found)]:
                    found.append(_rgb(frame))
                if len(found) == len(wanted):
                    break
    except (av.FFmpegError, IndexError) as error:
        raise InputError(f"{where} cannot be decoded: {error}. Remove it and pack the source again.") from error
    if frame is None:
        raise InputError(f"{where} has no frame that can be decoded. Remove it and pack the source again.")
    found += [_rgb(frame)] * (len(wanted) - len(found))
    height, width = found[0].shape[:2]
    if (width, height) != (stated.width, stated.height):
        raise InputError(
            f"{where} is {width}x{height} pixels, the pack states {stated.width}x{stated.height}: its tokens were "
            "planned for another video. Pack the source again."
        )
    return np.stack(found)


def _rgb(frame: av.VideoFrame) -> NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
