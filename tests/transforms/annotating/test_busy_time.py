"""What an encoder's clock tells."""

from __future__ import annotations

import time

import pytest
import torch

from transforms.annotating.busy_time import BusyTime, Times


def test_work_is_told_from_waiting() -> None:
    clock = BusyTime(torch.device("cpu"))
    with clock.work():
        time.sleep(0.02)
    time.sleep(0.02)
    first = clock.times()
    assert first.device == "cpu" and 0.02 <= first.busy_secs < first.all_secs >= 0.04
    assert clock.times().busy_secs == first.busy_secs and clock.times().all_secs > first.all_secs


def test_of_several() -> None:
    together = Times.sum([Times("cuda", 1.0, 2.0), Times("cuda", 2.0, 10.0)])
    assert together == Times("cuda", 3.0, 12.0)
    assert together.idle_share == pytest.approx(0.75)
    assert Times("cpu", 0.0, 0.0).idle_share == 0 and Times("cpu", 2.0, 1.0).idle_share == 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_is_asked_when_it_worked() -> None:
    clock = BusyTime(torch.device("cuda"))
    square = torch.zeros(4096, 4096, device="cuda")
    with clock.work():
        square @ square
    assert 0 < clock.times().busy_secs < clock.times().all_secs
