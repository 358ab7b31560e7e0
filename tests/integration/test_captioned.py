"""Captions in both languages of the embedded balanced corpus, by an oracle that knows its scenes, and their export."""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import shutil
import tarfile
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.integration.conftest import MINI, as_set, evenweave, read_all, small_corpus
from tests.transforms.instruct.asking.chat_server import Said, completion, serving, text_of
from transforms.keyed import hash64
from transforms.miniature.concepts import BY_NAME

pytestmark = pytest.mark.slow

CONFIG = "configs/caption/mini.yaml"
#: What is wrong with a caption, and the reason that it is to be refused for; None: what is to stand there is mended.
FAULTS: Mapping[str, tuple[Callable[[str], str], str | None]] = {
    "refusal": (lambda _: "I'm sorry, but I can't assist with that.", "refusal"),
    "other_language": (lambda text: "一张图片" if text.isascii() else "A picture.", "unexpected_language"),
    "loop": (lambda text: text + " and so on and so forth," * 9, "looping_text"),
    "empty": (lambda _: "?", "caption_too_short"),
    "token": (lambda text: text + "<|im_end|>", "reserved_token"),
    "card": (lambda text: text + " 4111 1111 1111 1111", "personal_data"),
    "word": (lambda text: text + " forbidden 禁词", "blocked_word"),
    "email": (lambda text: text + " ann.lee@mail.example", None),
}
_OF_EIGHT = 3  # captions in eight have a fault


class SceneOracle:
    """Names what an image shows, by its bytes. ``faults``: what is wrong with a caption, by image and language."""

    def __init__(self, corpus: pathlib.Path) -> None:
        truth = {row["key"]: row["concepts"] for row in read_all(corpus / "truth").to_pylist()}
        self._shown: dict[str, dict[str, list[str]]] = {}

        for path in sorted((corpus / "shards").glob("*.tar")):
            with tarfile.open(path) as tar:
                for member in tar:
                    key, _, ending = member.name.partition(".")
                    if ending in ("jpg", "png", "webp") and truth.get(key):
                        data = tar.extractfile(member).read()  # type: ignore[union-attr]
                        names = truth[key]
                        self._shown[_of(data)] = {"en": names, "zh": [BY_NAME[name].chinese for name in names]}
        self.faults: dict[tuple[str, str], str] = {}

    def __call__(self, body: dict[str, Any], _: int) -> Said:
        if not isinstance(body["messages"][-1]["content"], list):
            return Said(body=completion("OK", body))
        url = body["messages"][-1]["content"][0]["image_url"]["url"]
        image = _of(base64.b64decode(url.partition(",")[2]))
        language = "zh" if "in Chinese" in text_of(body) else "en"
        text = self.right(image, language)
        place = hash64("fault", image, language)
        if place % 8 < _OF_EIGHT:
            fault = sorted(FAULTS)[place // 8 % len(FAULTS)]
            self.faults[image, language] = fault
            text = FAULTS[fault][0](text)
        return Said(body=completion(text, body))

    def right(self, image: str, language: str) -> str:
        names = self._shown[image][language]
        return f"A drawing of {', '.join(names)}." if language == "en" else f"图中画着{'、'.join(names)}。"


def _of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_every_right_caption_is_taken_and_no_wrong_one(
    finished_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = pathlib.Path(shutil.copytree(finished_run, tmp_path / "run"))
    oracle = SceneOracle(corpus)
    (tmp_path / "words.txt").write_text("forbidden\n禁词\n")
    words = {language: str(tmp_path / "words.txt") for language in ("en", "zh")}
    with serving(oracle) as server:
        settings = {"server.base_url": server.url, "safety.blocked_words.paths": json.dumps(words)}
        said = evenweave("caption", run, "--config", CONFIG, *as_set(settings)).stdout
    evenweave("build", MINI, "--output", run, *small_corpus(corpus), "--set", "runner.workers=2")
    assert "is sound" in evenweave("verify", run).stdout

    found, taken, mended = Counter[str](), 0, 0
    exported = _exported(run)
    for image, captions in exported:
        assert captions.keys() == {"en", "zh"}
        for language, text in captions.items():
            fault = oracle.faults.get((image, language))
            mends = fault is not None and FAULTS[fault][1] is None
            assert (text is None) == (fault is not None and not mends), (fault, text)
            if fault is None:
                taken += 1
                assert text == oracle.right(image, language)
            elif mends:
                mended += 1
                assert text == f"{oracle.right(image, language)} [EMAIL]"
            else:
                found[str(FAULTS[fault][1])] += 1
    assert taken > len(exported) and mended and set(found) == {one for _, one in FAULTS.values() if one}
    account = json.loads((run / "captions" / "captions.json").read_text())["counts"]
    assert f"{account['rows_out']:,} taken" in said
    if len(exported) == len({image for image, _ in exported}):  # no copies
        assert account["rejects"] == found and account["rows_out"] == taken + mended
    kept = pq.read_table(run / "captions" / "kept", columns=["safety"])["safety"].to_pylist()
    assert sum(one == ["email"] for one in kept) >= 1


def _exported(run: pathlib.Path) -> list[tuple[str, dict[str, str | None]]]:
    """Of each sample the image, and the captions that were written of it."""
    images: dict[str, str] = {}
    captions: dict[str, dict[str, str | None]] = {}
    for path in sorted((run / "shards").glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                key, _, ending = member.name.rpartition(".")
                data = tar.extractfile(member).read()  # type: ignore[union-attr]
                if ending == "json":
                    captions[key] = json.loads(data)["written_captions"]
                elif ending != "txt":
                    images[key] = _of(data)
    return [(images[key], captions[key]) for key in sorted(images)]
