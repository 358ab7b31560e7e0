"""A process that asks, killed again and again: what it asked twice is counted, and is no more than was under way."""

from __future__ import annotations

import pathlib
import random
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.transforms.instruct.asking.chat_server import Said, completion, serving, text_of
from transforms.instruct.asking.cache import ReplyCache

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[4]
REQUESTS, CONCURRENCY, KILLS = 400, 6, 4
ASK = """
import sys
from tests.transforms.instruct.asking.test_asker import fill, requests_to, server_at
server = server_at(sys.argv[1], concurrency=int(sys.argv[3]))
print("ready", flush=True)
fill(__import__("pathlib").Path(sys.argv[2]), server, requests_to(server, int(sys.argv[4])))
"""


def _answer(body: dict[str, Any], _: int) -> Said:
    return Said(body=completion(text_of(body).upper(), body), wait_secs=0.02)


def _start(url: str, folder: pathlib.Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ASK, url, str(folder), str(CONCURRENCY), str(REQUESTS)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def test_kills(tmp_path: pathlib.Path) -> None:
    chance = random.Random(3)
    with serving(_answer) as served:
        for _ in range(KILLS):
            before = sum(served.asked.values())
            process = _start(served.url, tmp_path)
            while sum(served.asked.values()) < before + chance.randrange(5, 60) and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
        process = _start(served.url, tmp_path)
        assert process.wait() == 0
    assert len(served.asked) == REQUESTS
    twice = sum(count - 1 for count in served.asked.values())
    with ReplyCache.read_only(tmp_path) as cache:
        assert len(cache) == REQUESTS
        spent = cache.spent()["m"]
    assert spent.answered == REQUESTS and twice <= spent.lost <= KILLS * CONCURRENCY
    really = served.prompt_tokens + served.reply_tokens
    assert spent.known.tokens <= really <= spent.most.tokens
