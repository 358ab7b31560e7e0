"""Settings and inputs that cannot serve are refused before the vocabulary is embedded, and leave no run behind."""

from __future__ import annotations

import pathlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from pipelines import vocabulary
from pipelines.build import build
from pipelines.build_run import BuildRun
from pipelines.build_settings import BuildSettings
from pipelines.engine.choice import choose_engine
from pipelines.packaged_configs import find_config
from transforms.configuration import load_settings
from transforms.errors import EvenweaveError


@pytest.fixture()
def embeds(monkeypatch: pytest.MonkeyPatch) -> None:
    def embedded(*_: object) -> None:
        raise AssertionError("the vocabulary was embedded")

    monkeypatch.setattr(vocabulary, "run", embedded)


def opened(folder: pathlib.Path, *overrides: str) -> BuildRun:
    places = (f"output={folder / 'run'}", "miniature=null", f"sources.0.path={folder / 'data'}", "runner.workers=1")
    settings = load_settings(find_config("build/mini.yaml"), BuildSettings, [*places, *overrides])
    return BuildRun(settings, choose_engine(settings.runner, []), Console(quiet=True))


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (("retrieval.concepts_per_image=250", "vocabulary.path=four.txt"), "is 250, but the vocabulary holds 4"),
        (("sources.0.format=parquet", "sources.0.image_column=photo"), "has no column photo"),
        (
            ("balance.even.target_by_type={entity: 0.6, other: 0.4}", "vocabulary.path=nine.txt"),
            "gives no concept a type",
        ),
        (("balance.even.target_by_type={action: 0.5, other: 0.5}",), "names action, a type that no concept"),
        (("balance.even.target.nothing=2",), "'nothing'. Mend the names"),
        (("balance.size=3",), "balance.size is 3, but the input cannot hold more than 2 samples"),
    ],
)
@pytest.mark.usefixtures("embeds")
def test_it_is_said_at_once(
    overrides: tuple[str, ...], says: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "four.txt").write_text("one\ntwo\nthree\nfour\n")
    (tmp_path / "nine.txt").write_text("\n".join("abcdefghi"))
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"image": [b"x", b"y"], "caption": ["a", "b"]}), tmp_path / "data" / "a.parquet")
    with pytest.raises(EvenweaveError, match=says):
        build(opened(tmp_path, "sources.0.format=parquet", *overrides))
    assert not (tmp_path / "run").exists()
