"""A server that others wrote: ``transformers serve`` with a tiny Qwen3 of random weights.

Real HTTP, a chat template, and usage as a tokenizer counts it; what such a model says is never taken.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator

import pytest
import torch
from transformers import PreTrainedTokenizerBase, Qwen3Config, Qwen3ForCausalLM

from model.architecture.processing import CHAT_TEMPLATE
from model.checkpoints.initialise import tiny_pretrained_tokenizer
from tests.transforms.packing.small_documents import turn
from transforms.instruct.asking.client import ServerError
from transforms.instruct.asking.desk import CACHE_FOLDER, Desk
from transforms.instruct.asking.parts import reply_from
from transforms.instruct.asking.settings import AskingSettings, ServerSettings
from transforms.instruct.chain.outcome import edits_table
from transforms.instruct.folding import fold
from transforms.instruct.rewording.rewriting import Rewriting
from transforms.instruct.rewording.settings import RewriteSettings
from transforms.instruct.rows import Row, from_table, to_table
from transforms.storage import StoragePath

pytestmark = pytest.mark.slow

_START_SECS = 240
_REPLY_TOKENS = 24
ROWS = [
    Row(f"s/{number}", "s", (turn("user", question), turn("assistant", "Yes")), language=language)
    for number, (question, language) in enumerate(
        (
            ("Is the small car in front of the house red?", "en"),
            ("How many of the 3 dogs are black?", "en"),
            ("图中有几只黑色的猫？", "zh"),
            ("Ist das Auto rot?", "de"),  # is not asked
        )
    )
]


def _tiny_qwen3(folder: pathlib.Path) -> PreTrainedTokenizerBase:
    tokenizer = tiny_pretrained_tokenizer()
    tokenizer.chat_template = CHAT_TEMPLATE
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        Qwen3ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return tokenizer


@contextlib.contextmanager
def _transformers_serve(log: pathlib.Path) -> Iterator[str]:
    """Where it answers; it loads the model that it is asked for."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = pathlib.Path(sys.executable).with_name("transformers")
    command = [str(script), "serve", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with (
        log.open("w") as file,
        subprocess.Popen(
            command, stdout=file, stderr=file, env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        ) as process,
    ):
        try:
            until = time.monotonic() + _START_SECS
            while not _is_well(f"http://127.0.0.1:{port}/health"):
                assert process.poll() is None and time.monotonic() < until, log.read_text()
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()


def _is_well(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def test_a_stage_through_a_server_that_others_wrote(tmp_path: pathlib.Path) -> None:
    tokenizer = _tiny_qwen3(tmp_path / "tiny")
    with _transformers_serve(tmp_path / "log") as url, Desk.open(AskingSettings(), StoragePath.of(tmp_path)) as desk:
        # some replies end before they are as long as they may be
        ends = {"temperature": 0.0, "logit_bias": {str(tokenizer.eos_token_id): 0.4}}
        model = str(tmp_path / "tiny")
        server = ServerSettings(
            base_url=url, model=model, max_tokens=_REPLY_TOKENS, concurrency=2, attempts=2, parameters=ends
        )
        with pytest.raises(ServerError, match=r"nobody/none with 500.*Look at what it logs"):
            desk.check(server.model_copy(update={"model": "nobody/none"}))
        assert "nobody/none" not in desk.cache.spent() or desk.cache.spent()["nobody/none"].answered == 0

        stage = Rewriting(RewriteSettings(server="tiny"), server, 0)
        asked = desk.ask("rewrite", server, stage.requests(ROWS))
        assert (asked.answered, asked.again) == (3, 0)
        again = desk.ask("rewrite", server, stage.requests(ROWS))
        assert (again.answered, again.found) == (0, 3)
        spent = desk.cache.spent()[model]

    requests = list(stage.requests(ROWS))
    prompts = [
        tokenizer.apply_chat_template(one.body()["messages"], add_generation_prompt=True, tokenize=False)
        for one in requests
    ]
    counted = sum(len(tokenizer(prompt)["input_ids"]) for prompt in prompts)
    assert spent.known.prompt_tokens == counted <= sum(one.most_prompt_tokens(0) for one in requests)
    assert 0 < spent.known.reply_tokens <= 3 * _REPLY_TOKENS and spent.lost == 0

    outcome = stage.judge(ROWS, functools.partial(reply_from, str(tmp_path / CACHE_FOLDER)))
    verdicts = Counter(one.verdict for one in outcome.edits)
    assert verdicts.total() == 3 and verdicts.keys() <= {"cut", "json"}, verdicts
    assert from_table(fold(to_table(ROWS), [("rewrite", edits_table(outcome.edits))])) == ROWS
