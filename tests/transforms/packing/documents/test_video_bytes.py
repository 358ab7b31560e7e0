"""Which frames of a video are shown, and that they are the right ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor
from transformers.video_utils import VideoMetadata

from tests.transforms.packing.corpus import video
from transforms.conversations.document import VideoSize
from transforms.errors import InputError
from transforms.packing.documents.video_bytes import (
    VideoMeasure,
    VideoSampling,
    decode_frames,
    frame_indices,
    measure_video,
    shown_frames,
)


def test_measured_without_decoding() -> None:
    assert measure_video(video(12)) == VideoMeasure(12, 10.0, 64, 48)
    with pytest.raises(ValueError, match="no video"):
        measure_video(b"nothing")


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
    frames = shown_frames(VideoMeasure(total, rate, 64, 48), sampling)
    assert frames == len(theirs)
    assert np.abs(frame_indices(total, frames) - theirs.numpy()).max() <= 1  # theirs adds up float steps
