"""lmms-eval scores an exported folder, by the command that training prints, on rows that lie on this machine."""

from __future__ import annotations

import io
import json
import os
import pathlib
import shlex
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from model.architecture.configuration import config_from_yaml
from model.checkpoints.initialise import initialise, tiny_pretrained_tokenizer
from model.training.exporting import lmms_eval_command

pytestmark = pytest.mark.compat

ROOT = pathlib.Path(__file__).parents[2]
ROWS = 20
#: What lmms-eval 0.7 imports to score local rows, but for what the tests' environment holds already.
PACKAGES = [
    "lmms-eval==0.7", "accelerate", "aiohappyeyeballs", "aiohttp", "aiosignal", "chardet", "colorama",
    "DataProperty", "decord", "evaluate", "frozenlist", "jsonlines", "loguru", "lxml", "mbstrdecoder",
    "multidict", "pathvalidate", "portalocker", "propcache", "pytablewriter", "qwen-vl-utils", "sacrebleu",
    "tabledata", "tabulate", "tcolorpy", "tenacity", "tqdm-multiprocess", "typepy", "yarl",
]  # fmt: skip
TASK = """
task: local_questions
dataset_path: parquet
dataset_kwargs:
  data_files: {rows}
test_split: train
output_type: generate_until
doc_to_visual: !function functions.pictures
doc_to_text: !function functions.question
doc_to_target: answer
generation_kwargs:
  max_new_tokens: 4
process_results: !function functions.score
metric_list:
  - metric: answered
    aggregation: mean
    higher_is_better: true
"""
FUNCTIONS = """
import io
from PIL import Image

def pictures(row):
    return [Image.open(io.BytesIO(row["image"]["bytes"])).convert("RGB")]

def question(row, lmms_eval_specific_kwargs=None):
    return row["question"]

def score(row, answers):
    return {"answered": float(len(answers[0]) > 0)}
"""


@pytest.fixture(scope="module")
def lmms_eval(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    target = tmp_path_factory.mktemp("lmms-eval")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    subprocess.run([*install, *PACKAGES], check=True)
    return target


def write_task(folder: pathlib.Path) -> None:
    noise = np.random.default_rng(0)
    rows = []
    for number in range(ROWS):
        stream = io.BytesIO()
        Image.fromarray(noise.integers(0, 255, (84, 84, 3), np.uint8)).save(stream, "PNG")
        image = {"bytes": stream.getvalue(), "path": None}
        rows.append({"image": image, "question": f"What is in picture {number}?", "answer": "noise"})
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")
    (folder / "local.yaml").write_text(TASK.format(rows=folder / "rows.parquet"))
    (folder / "functions.py").write_text(FUNCTIONS)


def test_lmms_eval_scores_local_rows(tmp_path: pathlib.Path, lmms_eval: pathlib.Path) -> None:
    folder = tmp_path / "model"
    config = config_from_yaml(str(ROOT / "configs" / "model" / "tiny.yaml"))
    initialise(config, tiny_pretrained_tokenizer(), str(folder))
    write_task(tmp_path / "tasks" / "local")
    printed = shlex.split(lmms_eval_command(str(folder)))
    command = [sys.executable, *printed[printed.index("-m") :]]
    command[command.index("--tasks") + 1] = "local_questions"
    place = command.index("--model_args") + 1  # on this machine, small, and without a kernel that it lacks
    command[place] = f"pretrained={folder},device=cpu,device_map=cpu,min_pixels=784,max_pixels=12544"
    path = {"PYTHONPATH": str(lmms_eval), "HF_HOME": str(tmp_path / "hub")}
    done = subprocess.run(
        [*command, "--include_path", str(tmp_path / "tasks")],
        capture_output=True, text=True, cwd=tmp_path, env={**os.environ, **path}, check=False,
    )  # fmt: skip
    assert "in generating" not in done.stderr + done.stdout, done.stderr[-3000:]
    samples = list((tmp_path / "model-evaluation").rglob("*samples_local_questions.jsonl"))
    assert len(samples) == 1, done.stderr[-3000:]
    rows = [json.loads(line) for line in samples[0].read_text().splitlines()]
    assert len(rows) == ROWS and all("answered" in row for row in rows)
