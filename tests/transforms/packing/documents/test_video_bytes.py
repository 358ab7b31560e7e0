"""Which frames of a video are shown, and that they are the right ones."""

from __future__ import annotations

import io
import pathlib
import struct

import av
import numpy as np
import pytest
import torch
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor
from transformers.video_utils import VideoMetadata

from tests.transforms.packing.corpus import video
from transforms.conversations.document import VideoSize
from transforms.errors import InputError
from transforms.packing.documents.video_bytes import (
    VideoFault,
    VideoMeasure,
    VideoSampling,
    decode_frames,
    frame_indices,
    measure_video,
    num_shown_frames,
)
from transforms.rejects import Reason


def test_measured_without_decoding_more_than_a_frame() -> None:
    assert measure_video(video(12)) == VideoMeasure(12, 10.0, 64, 48)


def sound() -> bytes:
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        track = container.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", VideoFault(Reason.UNDECODABLE_VIDEO, "Invalid data found when processing input")),
        (b"nothing", VideoFault(Reason.UNDECODABLE_VIDEO, "Invalid data found when processing input")),
        (video(12)[:600], VideoFault(Reason.UNDECODABLE_VIDEO, "Invalid data found when processing input")),
        (sound(), VideoFault(Reason.NO_VIDEO_STREAM, "no stream of video, only of audio")),
    ],
    ids=["empty", "text", "cut", "sound"],
)
def test_what_is_no_video_has_a_reason_of_its_own(data: bytes, fault: VideoFault) -> None:
    assert measure_video(data) == fault


def noise(path: pathlib.Path, frames: int, container: str, codec: str, options: dict[str, str]) -> bytes:
    """A video whose frames take about the same bytes each."""
    rng = np.random.default_rng(0)
    with av.open(str(path), "w", format=container, options=options) as output:
        track = output.add_stream(codec, rate=10)
        track.width, track.height = 64, 48
        for _ in range(frames):
            pixels = rng.integers(0, 255, (48, 64, 3), np.uint8)
            output.mux(track.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(track.encode(None))
    return path.read_bytes()


CONTAINERS = [
    ("avi", "mpeg4", {}),
    ("matroska", "mpeg4", {}),
    ("webm", "libvpx-vp9", {}),
    ("flv", "flv", {}),
    ("mp4", "mpeg4", {"movflags": "faststart"}),
]


@pytest.mark.parametrize(("container", "codec", "options"), CONTAINERS, ids=[one[0] for one in CONTAINERS])
def test_a_video_that_was_cut_short_is_told(
    container: str, codec: str, options: dict[str, str], tmp_path: pathlib.Path
) -> None:
    data = noise(tmp_path / "video", 40, container, codec, options)
    whole = measure_video(data)
    assert isinstance(whole, VideoMeasure) and whole.total_frames == 40
    for share in (0.8, 0.4):
        cut = measure_video(data[: int(share * len(data))])
        assert isinstance(cut, VideoFault) and cut.reason == Reason.TRUNCATED_VIDEO, cut
        assert cut.detail.endswith("of 4.0 seconds")


def laid(data: bytes, a: int, b: int, c: int, d: int) -> bytes:
    """The same video with another matrix in its track header, which says how frames are to be shown."""
    tag = data.index(b"tkhd")
    assert data[tag + 4] == 0  # its layout of version 0
    matrix = tag + 44
    assert struct.unpack_from(">9i", data, matrix) == (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    values = (a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    return data[:matrix] + struct.pack(">9i", *values) + data[matrix + 36 :]


def quarters() -> bytes:
    """Frames of 64x48 whose quarters differ: 0 and 80 above, 160 and 240 below."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        track = container.add_stream("mpeg4", rate=10)
        track.width, track.height = 64, 48
        grey = np.kron(np.array([[0, 80], [160, 240]], np.uint8), np.ones((24, 32), np.uint8))
        frame = np.repeat(grey[:, :, None], 3, axis=2)
        for _ in range(5):
            container.mux(track.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(track.encode(None))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((1, 0, 0, 1), [[0, 80], [160, 240]]),
        ((0, 1, -1, 0), [[160, 0], [240, 80]]),  # a quarter clockwise, as telephones held upright write
        ((-1, 0, 0, -1), [[240, 160], [80, 0]]),
        ((0, -1, 1, 0), [[80, 240], [0, 160]]),
        ((-1, 0, 0, 1), [[80, 0], [240, 160]]),  # mirrored
        ((1, 0, 0, -1), [[160, 240], [0, 80]]),
        ((0, 1, 1, 0), [[0, 160], [80, 240]]),
        ((0, -1, -1, 0), [[240, 80], [160, 0]]),
    ],
)
def test_frames_are_shown_upright(matrix: tuple[int, int, int, int], shown: list[list[int]]) -> None:
    data = quarters() if matrix == (1, 0, 0, 1) else laid(quarters(), *matrix)
    width, height = (48, 64) if matrix[1] else (64, 48)
    assert measure_video(data) == VideoMeasure(5, 10.0, width, height)
    frames = decode_frames(data, VideoSize(2, width, height), 5, "it")
    assert frames.shape == (2, height, width, 3)
    middles = frames[:, [height // 4, -height // 4]][:, :, [width // 4, -width // 4]]
    assert np.abs(middles.astype(int) - np.array(shown)[:, :, None]).max() < 12
    with av.open(io.BytesIO(data)) as container:  # what PyAV itself says of turns, which leaves mirrors out
        stored = next(container.decode(video=0))
        turned = np.rot90(stored.to_ndarray(format="rgb24"), stored.rotation // 90)
    if matrix[0] * matrix[3] - matrix[1] * matrix[2] == 1:
        assert np.array_equal(frames[0], turned)


def test_frames_are_those_asked_for() -> None:
    frames = decode_frames(video(20), VideoSize(5, 64, 48), 20, "it")
    assert frames.shape == (5, 48, 64, 3)
    assert np.abs(frames.mean(axis=(1, 2, 3)) - 10 * frame_indices(20, 5)).max() < 4


def test_faults_are_said() -> None:
    with pytest.raises(InputError, match="the clip is 64x48 pixels, the pack states 32x48"):
        decode_frames(video(4), VideoSize(2, 32, 48), 4, "the clip")
    with pytest.raises(InputError, match="the clip cannot be decoded"):
        decode_frames(b"nothing", VideoSize(2, 32, 48), 4, "the clip")


@pytest.mark.parametrize("total", [1, 3, 10, 146, 243, 5000])
@pytest.mark.parametrize("rate", [10.0, 23.976, 30.0])
def test_the_rule_is_that_of_the_processor(total: int, rate: float) -> None:
    sampling = VideoSampling(max_frames=64)
    processor = Qwen2VLVideoProcessor(temporal_patch_size=1, min_frames=4, max_frames=64)
    metadata = VideoMetadata(total_num_frames=total, fps=rate)
    theirs: torch.Tensor = processor.sample_frames(metadata, fps=2.0)
    frames = num_shown_frames(VideoMeasure(total, rate, 64, 48), sampling)
    assert frames == len(theirs)
    assert np.abs(frame_indices(total, frames) - theirs.numpy()).max() <= 1  # theirs adds up float steps
