"""The pack job, killed while it writes and started again by the command line, leaves the bytes of an unbroken run."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
import yaml

from tests.integration.conftest import ROOT, digests, evenweave
from tests.transforms.packing.corpus import TOKENIZER, both_sources


@pytest.mark.slow
@pytest.mark.parametrize("wait_for", ["packed/packs-*", "packed/.groups/*.json"])
def test_killed_and_started_again(tmp_path: pathlib.Path, wait_for: str) -> None:
    job = {
        "output": str(tmp_path / "whole"),
        "sources": [source.model_dump() for source in both_sources(tmp_path / "raw", tars=8, samples=40)],
        "pack": {"tokenizer": TOKENIZER, "pack_tokens": 512, "group_shards": 2, "video_min_pixels": 3136},
        "video": {"max_frames": 4},
        "runner": {"workers": 2},
    }
    config = tmp_path / "pack.yaml"
    config.write_text(yaml.safe_dump(job))
    evenweave("pack", config)

    script = pathlib.Path(sys.executable).with_name("evenweave")
    command = [str(script), "pack", str(config), "--set", f"output={tmp_path / 'killed'}"]
    running = subprocess.Popen(
        command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while running.poll() is None and not list((tmp_path / "killed").glob(wait_for)):
        time.sleep(0.002)
    os.killpg(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed" / "packed" / "packing.json").exists()
    evenweave("pack", config, "--set", f"output={tmp_path / 'killed'}")
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")
