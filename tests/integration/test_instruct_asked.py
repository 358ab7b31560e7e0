"""The instruction chain with a model behind a real server: the embedded sets through both halves."""

from __future__ import annotations

import json
import pathlib
from collections import Counter
from collections.abc import Iterator

import pyarrow.parquet as pq
import pytest

from tests.integration.conftest import ASKED, as_set, asked_sets, digests, evenweave
from tests.integration.instruct_truth import rejected
from tests.transforms.instruct.asking.chat_server import ChatServer, Said, serving
from tests.transforms.instruct.asking.oracle import Oracle
from transforms.instruct.asking.cache import ReplyCache
from transforms.stages import ASKING

pytestmark = pytest.mark.slow

ROWS = 700
#: Enough for the guard and not for all that is rewritten.
CEILING = 100_000


def _run(url: str, folder: pathlib.Path, output: pathlib.Path, check: bool = True, **more: object) -> tuple[int, str]:
    settings = {"asking.cache": folder / "cache", "servers.model.base_url": url, **more}
    sets = asked_sets(folder / "sets", ROWS)
    done = evenweave("instruct", ASKED, "--output", output, *sets, *as_set(settings), check=check)
    return done.returncode, done.stdout + done.stderr


class Asked:
    """Both halves, run once: stopped by a ceiling, gone on with."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.run = folder, folder / "run"
        with serving(Oracle(fault="number", share=0.2)) as served:
            self.url = served.url
            self.stopped = _run(served.url, folder, self.run, check=False, **{"asking.max_tokens": CEILING})
            self.sent_when_stopped = sum(served.asked.values())
            self.done = _run(served.url, folder, self.run, **{"asking.max_tokens": 10**9})
            self.server: ChatServer = served


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    yield Asked(tmp_path_factory.mktemp("asked"))


def test_a_ceiling_stops_it_and_it_goes_on(asked: Asked) -> None:
    status, said = asked.stopped
    assert status == 2 and "asking.max_tokens" in said and "goes on" in said
    times = Counter(asked.server.asked.values())
    assert set(times) <= {1, 2}
    assert times[2] <= 1  # what looks whether the server is well, once a run
    with ReplyCache.read_only(asked.folder / "cache") as cache:
        spent = next(iter(cache.spent().values()))
    assert spent.known.tokens == asked.server.prompt_tokens + asked.server.reply_tokens and spent.lost == 0


def test_as_many_rows_are_chinese_as_asked_for(asked: Asked) -> None:
    """Of the rows that come to the mixture, though a fifth of all replies is refused."""
    stages = json.loads((asked.run / "run.json").read_text())["stages"]
    languages = Counter[str]()
    gone = {key for stage in stages for key in rejected(asked.run, stage)}
    for path in sorted((asked.run / "facts" / "translate").rglob("*.parquet")):
        rows = pq.read_table(asked.run / "rows" / path.parent.name / path.name, columns=["key", "language"])
        told = dict(zip(rows["key"].to_pylist(), rows["language"].to_pylist(), strict=True))
        facts = pq.read_table(path, columns=["key", "language"]).to_pylist()
        languages.update(one["language"] or told[one["key"]] for one in facts if one["key"] not in gone)
    share = languages["zh"] / (languages["zh"] + languages["en"])
    assert abs(share - 0.5) <= 0.01, languages
    edits = pq.read_table(asked.run / "edits" / "translate", columns=["verdict"])["verdict"].to_pylist()
    assert set(edits) == {"kept", "numbers"}


def test_nothing_is_lost_and_every_stage_is_done(asked: Asked) -> None:
    stages = json.loads((asked.run / "run.json").read_text())["stages"]
    assert all(stages[one.name]["state"] == "done" for one in ASKING)
    for name, stage in stages.items():
        counts = stage["counts"]
        assert counts["rows_in"] == counts["rows_out"] + sum(counts["rejects"].values()), name
    assert stages["preselect"]["counts"]["rejects"]["not_preselected"] > 0
    assert "is sound" in evenweave("verify", asked.run).stdout


def test_the_certificate_has_translated_questions(asked: Asked) -> None:
    """Found by their pictures; without one nothing tells them, and the certificate says so."""
    values = json.loads((asked.run / "decontamination" / "certificate.json").read_text())
    told = values["translations"]
    assert told["asked"] == told["taken"] + sum(told["refused"].values()) > 0 < told["taken"]
    cells = {cell["name"]: cell for cell in values["canaries"] if cell["name"].endswith("translated")}
    assert sum(cell["planted"] for cell in cells.values()) > 0
    assert cells["image exact, wording translated"]["found"] == cells["image exact, wording translated"]["planted"]
    assert cells["text translated"]["found"] == 0
    assert not any("translated_by" in line for line in values["not_measured"])


def test_the_same_bytes_from_the_cache_alone(asked: Asked, tmp_path: pathlib.Path) -> None:
    """No server, another number of workers."""
    more = {"asking.batch": tmp_path / "batch", "runner.workers": 1}
    _run(asked.url, asked.folder, tmp_path / "run", **more)
    assert not (tmp_path / "batch").exists()
    ours, theirs = digests(tmp_path / "run"), digests(asked.run)
    assert {name for name in ours | theirs if ours.get(name) != theirs.get(name)} == set()


def test_a_plan_needs_no_server(asked: Asked, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # so that no line of it is broken
    sets = asked_sets(asked.folder / "sets", ROWS)
    nowhere = as_set({"servers.model.base_url": "http://127.0.0.1:1/v1"})
    said = evenweave("instruct", ASKED, "--plan", "--output", tmp_path / "run", *sets, *nowhere).stdout
    assert "estimated from 200 rows" in said and "translate" in said and "rewrite" in said
    stages = json.loads((tmp_path / "run" / "run.json").read_text())["stages"]
    assert stages["preselect"]["state"] == "done" and "guard" not in stages


def test_what_is_wrong_is_said_before_any_work(tmp_path: pathlib.Path) -> None:
    prompt = tmp_path / "prompt.yaml"
    prompt.write_text("user: '{{ txt }}'\n")
    prices = tmp_path / "prices.yaml"
    prices.write_text("other: {input: 1, output: 1}\n")
    with serving(lambda *_: Said(404, {"error": {"message": "no such model"}})) as served:
        for more, said in (
            ({}, "no such model"),
            ({"rewrite.prompt": prompt}, "no variable 'txt'"),
            ({"asking.prices": prices}, "no price"),
            ({"asking.max_tokens": 10}, "one request"),
            ({"rewrite.server": "nobody"}, "rewrite.server must name one of servers"),
            ({"asking.cache": tmp_path / "none", "servers.model.base_url": "http://127.0.0.1:1/v1"}, "does not answer"),
        ):
            status, told = _run(served.url, tmp_path, tmp_path / "run", check=False, **more)
            assert status == 2 and said in told, told
            assert not (tmp_path / "run" / "run.json").exists()
