"""Damaged settings and word lists: read, or refused in words."""

from __future__ import annotations

import json
import pathlib

from hypothesis import given

from concept_vocab.vocabulary import VocabularyError, normalise
from concept_vocab.word_list import parse_word_list
from pipelines.build_settings import BuildSettings
from pipelines.pack_settings import PackJobSettings
from tests.fuzz.mutations import fuzzed, mutated, watched
from transforms.configuration import fingerprint, load_settings
from transforms.errors import ConfigError

CONFIGS = pathlib.Path(__file__).parents[2] / "configs"
BUILDS = [(CONFIGS / "build" / f"{name}.yaml").read_bytes() for name in ("mini", "85m")]
PACKS = [path.read_bytes() for path in sorted((CONFIGS / "pack").glob("*.yaml"))]
LISTS = [
    "name: mine\nlanguage: zh\nprompts: ['一张{}', '{}图']\nconcepts: [猫, \"狗\", red  fox]\n".encode(),
    b"concepts:\n  - &a cat\n  - *a\n  - 'e\xcc\x81'\n",
]


@fuzzed
@given(mutated([*BUILDS, *PACKS]))
def test_settings(tmp_path_factory, data: bytes) -> None:  # type: ignore[no-untyped-def]
    path = pathlib.Path(tmp_path_factory.getbasetemp()) / "job.yaml"
    path.write_bytes(data)
    for schema in (BuildSettings, PackJobSettings):
        with watched():
            try:
                settings = load_settings(str(path), schema, ["runner.workers=2"])
            except ConfigError:
                continue
            assert len(fingerprint(settings)) == 16
            json.dumps(settings.model_dump(mode="json"), allow_nan=False).encode()


@fuzzed
@given(mutated(LISTS))
def test_word_lists(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for name in ("list.yaml", "list.txt"):
        if name == "list.txt":  # what is no UTF-8 is refused before
            text = data.decode("utf-8", "ignore")
        with watched():
            try:
                vocabulary = parse_word_list(text, name)
            except VocabularyError:
                continue
            names = vocabulary.names
            assert len(set(names)) == len(names) == len(vocabulary)
            assert names == [normalise(one) for one in names]
            vocabulary.sentences()
