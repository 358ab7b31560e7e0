from __future__ import annotations

import os
import pathlib

import pytest

from tests.transforms.reporting.synthetic_run import SyntheticRun
from transforms.browsing.corpus_images import CorpusImages
from transforms.browsing.settings import RecordedSettings
from transforms.errors import InputError
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunState


@pytest.fixture
def corpus(state: RunState) -> CorpusImages:
    settings = RecordedSettings.of(state)
    return CorpusImages(settings.sources, settings.files_per_shard)


def test_images_by_place_and_by_key_are_the_files(corpus: CorpusImages, browsed: SyntheticRun) -> None:
    folder = pathlib.Path(browsed.config["sources"][0]["path"])
    data = (folder / "b.png").read_bytes()
    with corpus:
        assert corpus("web", "000000", 1, len(data)) == data
        assert corpus.search("web", "000000", {"b", "none"}) == {"b": data}


def test_an_image_without_its_caption_is_found_by_its_key(browsed: SyntheticRun) -> None:
    """Where one is required annotate dropped it, and the sheet of what it dropped shows it all the same."""
    source = SourceSettings.model_validate({**browsed.config["sources"][0], "caption": "required"})
    with CorpusImages([source], 1000) as corpus:
        assert corpus.search("web", "000000", {"b"})


def test_what_is_gone_is_told(corpus: CorpusImages, browsed: SyntheticRun) -> None:
    with corpus, pytest.raises(InputError, match="shard 000009 is gone since it was annotated"):
        corpus("web", "000009", 0, 1)
    path = browsed.config["sources"][1]["path"]
    os.rename(path, f"{path}-elsewhere")
    with corpus, pytest.raises(InputError, match="source zh: shard 000000 is gone"):
        corpus.search("zh", "000000", {"z"})
