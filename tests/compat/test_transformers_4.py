"""An exported folder loads with trust_remote_code, without this package: on transformers 4.53, and on the newest."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from model.architecture.processing import LlavaOnevision1_5Processor, build_processor
from model.checkpoints.hub import export_hub, load_model
from model.checkpoints.initialise import tiny_pretrained_tokenizer
from model.checkpoints.processor_files import save_processor
from tests.model.tiny import tiny_model

pytestmark = pytest.mark.compat

#: Loads, answers, and keeps what came out; runs in a folder from which this project cannot be imported.
_ANSWER = """
import sys
import numpy as np, torch, transformers
from PIL import Image
from transformers import AutoModelForCausalLM, AutoProcessor

version, folder, pictures, out = sys.argv[1:]
assert transformers.__version__.startswith(version), transformers.__version__
model, report = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True, output_loading_info=True)
assert not report["missing_keys"] and not report["unexpected_keys"], report
assert type(model).__module__.startswith("transformers_modules")
processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
assert type(processor).__name__ == "LlavaOnevision1_5Processor" and processor.tokenizer.padding_side == "left"
given = torch.load(pictures, weights_only=False)
images = [Image.fromarray(picture) for picture in given["images"]]
prompts = processor(text=given["texts"], images=images, padding=True, return_tensors="pt")
clip = processor(text=given["clip_text"], videos=[torch.from_numpy(given["clip"])], return_tensors="pt")
with torch.no_grad():
    found = {
        "prompts": dict(prompts),
        "logits": model.eval()(**prompts).logits,
        "answers": model.generate(**prompts, max_new_tokens=6, do_sample=False),
        "clip": dict(clip),
        "clip_logits": model(**clip).logits,
    }
torch.save(found, out)
"""


@pytest.fixture(scope="session")
def transformers_4(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder of the oldest version that is promised, to stand before the installed one on the path."""
    target = tmp_path_factory.mktemp("transformers-4")
    packages = ["transformers==4.53.3", "tokenizers==0.21.4", "huggingface-hub==0.36.0"]
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    subprocess.run([*install, *packages], check=True)
    return target


@pytest.fixture(scope="module", params=[False, True], ids=["dense", "experts"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """An exported model of random weights with its processor."""
    folder = tmp_path_factory.mktemp("exported") / "model"
    processor = build_processor(tiny_pretrained_tokenizer())
    model = tiny_model(request.param)
    model.resize_token_embeddings(len(processor.tokenizer))
    for kind in ("image", "video"):
        setattr(model.config, f"{kind}_token_id", processor.tokenizer.convert_tokens_to_ids(f"<|{kind}_pad|>"))
    export_hub(model, str(folder))
    save_processor(processor, str(folder))
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Two prompts of different length with two pictures and one, and a clip of four frames."""
    noise = np.random.default_rng(0)
    place = "<|vision_start|><|{}_pad|><|vision_end|>"
    image = place.format("image")
    path = tmp_path_factory.mktemp("pictures") / "pictures.pt"
    values = {
        "images": [noise.integers(0, 255, (84 + 28 * i, 112, 3), np.uint8) for i in range(3)],
        "texts": [f"{image}{image} What is it?", f"{image} And here, at some length?"],
        "clip": noise.integers(0, 255, (4, 3, 56, 84), np.uint8),
        "clip_text": [f"{place.format('video')} What moves?"],
    }
    torch.save(values, path)
    return path


@pytest.mark.parametrize("version", ["4.53", "5."])
@torch.no_grad()
def test_the_folder_loads_by_itself(
    version: str, folder: pathlib.Path, pictures: pathlib.Path, transformers_4: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """Logits and answers are those of this package's model on the same inputs."""
    out = tmp_path / "out.pt"
    path = str(transformers_4) if version.startswith("4") else ""
    environment = {**os.environ, "PYTHONPATH": path, "HF_HOME": str(tmp_path / "hub")}
    command = [sys.executable, "-c", _ANSWER, version, str(folder), str(pictures), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = torch.load(out, weights_only=False)
    model = load_model(str(folder))
    prompts, clip = (
        {name: value for name, value in found[key].items() if name not in ("mm_token_type_ids", "second_per_grid_ts")}
        for key in ("prompts", "clip")
    )
    seen = prompts["attention_mask"].bool()
    torch.testing.assert_close(found["logits"][seen], model(**prompts).logits[seen], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found["clip_logits"], model(**clip).logits, rtol=1e-4, atol=1e-4)
    assert torch.equal(found["answers"], model.generate(**prompts, max_new_tokens=6, do_sample=False))
    ours = LlavaOnevision1_5Processor.from_pretrained(folder)
    given = torch.load(pictures, weights_only=False)
    images = [Image.fromarray(picture) for picture in given["images"]]
    again = ours(text=given["texts"], images=images, padding=True, return_tensors="pt")
    assert torch.equal(again["input_ids"], prompts["input_ids"])
