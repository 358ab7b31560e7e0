"""Requests to files, replies from files."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from tests.transforms.instruct.asking.chat_server import completion
from transforms.errors import InputError
from transforms.instruct.asking import batch_files
from transforms.instruct.asking.batch_files import RepliesMissingError
from transforms.instruct.asking.desk import Desk
from transforms.instruct.asking.request import Request, Turn
from transforms.instruct.asking.settings import AskingSettings, ServerSettings
from transforms.storage import StoragePath

SERVER = ServerSettings(base_url="http://localhost:1/v1", model="m")


def _requests(count: int) -> list[Request]:
    return [Request.to(SERVER, (Turn("user", f"número {i}"),)) for i in range(count)]


def _line(request: dict[str, Any], status: int, body: object) -> str:
    response = {"status_code": status, "request_id": "r", "body": body}
    return json.dumps({"id": "b", "custom_id": request["custom_id"], "response": response, "error": None}) + "\n"


def test_out_and_back(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_files, "MOST_REQUESTS", 4)
    folder = tmp_path / "batch"
    root = StoragePath.of(str(tmp_path / "run"))
    with Desk.open(AskingSettings(batch=str(folder)), root) as desk:
        desk.check(SERVER)
        with pytest.raises(RepliesMissingError, match="6 requests of rewrite"):
            desk.ask("rewrite", SERVER, _requests(6) * 2)
        files = sorted(folder.glob("rewrite-*.jsonl"))
        lines = [json.loads(line) for path in files for line in path.read_text().splitlines()]
        assert [len(path.read_text().splitlines()) for path in files] == [4, 2]
        assert [line["body"]["messages"][0]["content"] for line in lines] == [f"número {i}" for i in range(6)]
        assert {line["url"] for line in lines} == {"/v1/chat/completions"}

        (folder / "replies").mkdir()
        first = [_line(one, 200, completion("yes", one["body"])) for one in reversed(lines[1:])]
        (folder / "replies" / "one.jsonl").write_text("".join([*first, _line(lines[0], 500, {})]))
        with pytest.raises(RepliesMissingError, match="1 requests"):
            desk.ask("rewrite", SERVER, _requests(6))
        assert [path.name for path in folder.glob("rewrite-*.jsonl")] == ["rewrite-00000.jsonl"]
        (folder / "replies" / "two.jsonl").write_text(_line(lines[0], 400, {"error": "too long"}))
        desk.ask("rewrite", SERVER, _requests(6))
        states = [desk.cache.get(one.key).state for one in _requests(6)]  # type: ignore[union-attr]
        assert states == ["refused", *["answered"] * 5]
        assert desk.spending()["m"]["answered"] == 5


@pytest.mark.parametrize("line", ["{", "[]", '{"custom_id": "abc"}', '{"custom_id": "00"}', "{}"])
def test_a_line_that_is_no_reply(line: str, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "batch"
    (folder / "replies").mkdir(parents=True)
    (folder / "replies" / "one.jsonl").write_text(f"\n{line}\n")
    with (
        Desk.open(AskingSettings(batch=str(folder)), StoragePath.of(str(tmp_path / "run"))) as desk,
        pytest.raises(InputError, match=r"one\.jsonl, line 2"),
    ):
        desk.ask("rewrite", SERVER, _requests(1))
