"""Requests over real HTTP, to servers that answer and to servers that do not."""

from __future__ import annotations

import pathlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.transforms.instruct.asking.chat_server import Said, completion, serving, text_of
from transforms.errors import ConfigError, EvenweaveError
from transforms.instruct.asking.asker import Asked, Asker
from transforms.instruct.asking.budget import Budget, CeilingReachedError
from transforms.instruct.asking.cache import ReplyCache
from transforms.instruct.asking.client import ServerError, retry_after
from transforms.instruct.asking.request import Request, ShownImage, Turn
from transforms.instruct.asking.settings import AskingSettings, ServerSettings


def server_at(url: str, **values: Any) -> ServerSettings:
    quick = {"concurrency": 4, "longest_wait_secs": 0.01, "timeout_secs": 10, "max_tokens": 50}
    return ServerSettings(**{"base_url": url, "model": "m", **quick, **values})


def requests_to(server: ServerSettings, count: int) -> list[Request]:
    return [Request.to(server, (Turn("user", f"number {i}"),)) for i in range(count)]


def echo(body: dict[str, Any], _: int) -> Said:
    return Said(body=completion(text_of(body).upper(), body))


def fill(folder: pathlib.Path, server: ServerSettings, requests: list[Request], **asking: Any) -> Asked:
    settings = AskingSettings(**asking)
    with ReplyCache.open(folder) as cache:
        return Asker(server, cache, Budget(settings, cache.spent(), cache.under_way())).fill(iter(requests))


@pytest.fixture
def cache(tmp_path: pathlib.Path) -> Iterator[ReplyCache]:
    with ReplyCache.open(tmp_path) as found:
        yield found


@pytest.mark.slow
def test_each_is_asked_once_and_then_never_again(tmp_path: pathlib.Path) -> None:
    with serving(echo) as served:
        server = server_at(served.url)
        requests = requests_to(server, 40)
        asked = fill(tmp_path, server, requests + requests)
        assert (asked.answered, asked.sent, asked.again, asked.found) == (40, 40, 0, 40)
        assert set(served.asked.values()) == {1} and served.most_at_once <= 4
        assert fill(tmp_path, server, requests).sent == 0
    with ReplyCache.read_only(tmp_path) as cache:
        assert [cache.get(one.key).text for one in requests] == [f"NUMBER {i}" for i in range(40)]  # type: ignore[union-attr]
        spent = cache.spent()["m"]
        assert (spent.known.prompt_tokens, spent.known.reply_tokens) == (served.prompt_tokens, served.reply_tokens)
        assert spent.lost == 0


def _faulty(body: dict[str, Any], before: int) -> Said:
    """Every third answers at once, the others after one or two troubles."""
    number = int(text_of(body).rpartition(" ")[2])
    whole = completion("yes", body)
    troubles = [
        Said(429, {"error": {"message": "busy"}}, {"retry-after": "0.01"}),
        Said(500, {"error": {"message": "trouble"}}),
        Said(body=whole, only=40),  # half an answer
        Said(body=None),  # cut
        Said(body={"object": "chat.completion"}),
        Said(body=whole, wait_secs=1.0),  # longer than the time-out
    ]
    return Said(body=whole) if before >= number % 3 else troubles[(number + before) % len(troubles)]


@pytest.mark.slow
def test_a_server_that_misbehaves(tmp_path: pathlib.Path) -> None:
    """Nothing is lost, and what it cost lies between the bounds."""
    with serving(_faulty) as served:
        server = server_at(served.url, timeout_secs=0.5, concurrency=8)
        requests = requests_to(server, 36)
        asked = fill(tmp_path, server, requests)
    assert asked.answered == 36 and asked.sent == 36 + asked.again
    assert asked.again == sum(number % 3 for number in range(36)) == sum(asked.troubles.values())
    with ReplyCache.read_only(tmp_path) as cache:
        assert all(cache.get(one.key) is not None for one in requests)
        spent, way = cache.spent()["m"], cache.under_way()
    really = served.prompt_tokens + served.reply_tokens  # time-outs and halves too, as a server bills them
    assert way == {} and spent.known.tokens < really <= spent.most.tokens


@pytest.mark.slow
def test_a_server_that_asks_to_wait_is_left_alone(tmp_path: pathlib.Path) -> None:
    times: list[float] = []

    def answer(body: dict[str, Any], before: int) -> Said:
        times.append(time.monotonic())
        if len(times) == 1:
            return Said(429, {"error": {"message": "busy"}}, {"retry-after": "0.6"})
        return echo(body, before)

    with serving(answer) as served:
        server = server_at(served.url, concurrency=1)
        assert fill(tmp_path, server, requests_to(server, 2)).again == 1
    assert times[1] - times[0] >= 0.6


@pytest.mark.parametrize(
    ("said", "secs"),
    [("3", 3.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 10.0), ("soon", None), ("-1", None), ("nan", None)],
)
def test_retry_after(said: str, secs: float | None) -> None:
    assert retry_after({"retry-after": said}, now=1445412470.0) == secs
    assert retry_after({"retry-after-ms": "250"}) == 0.25 and retry_after({}) is None


def test_no_server_no_model_no_key(cache: ReplyCache, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(server: ServerSettings) -> None:
        Asker(server, cache, Budget(AskingSettings(), {}, {})).check()

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ServerError, match="does not answer"):
        check(server_at(f"http://127.0.0.1:{port}/v1"))
    with serving(lambda *_: Said(404, {"error": {"message": "The model `m` does not exist"}})) as served:
        with pytest.raises(ServerError, match=r"`m` does not exist.*base_url and model"):
            check(server_at(served.url))
        monkeypatch.delenv("NO_SUCH_KEY", raising=False)
        with pytest.raises(ConfigError, match="NO_SUCH_KEY"):
            check(server_at(served.url, api_key_env="NO_SUCH_KEY"))
    assert cache.under_way() == {} and cache.spent() == {}


def test_a_request_that_is_refused_is_not_asked_again(tmp_path: pathlib.Path) -> None:
    with serving(lambda *_: Said(400, {"error": {"message": "too long"}})) as served:
        server = server_at(served.url)
        requests = requests_to(server, 3)
        assert fill(tmp_path, server, requests).answered == 3
        assert fill(tmp_path, server, requests).sent == 0
    with ReplyCache.read_only(tmp_path) as cache:
        reply = cache.get(requests[0].key)
        assert reply is not None and reply.state == "refused" and reply.text == "too long"


def test_a_server_that_stays_ill_stops_the_run(tmp_path: pathlib.Path) -> None:
    with serving(lambda body, _: echo(body, 0) if "1" in text_of(body) else Said(503, {"error": "away"})) as served:
        server = server_at(served.url, attempts=3)
        with pytest.raises(ServerError, match=r"3 attempts.*503 away"):
            fill(tmp_path, server, requests_to(server, 4))
    with serving(echo) as served:
        asked = fill(tmp_path, server_at(served.url), requests_to(server_at(served.url), 4))
        assert asked.found + asked.answered == 4


def _spent(folder: pathlib.Path) -> int:
    with ReplyCache.read_only(folder) as cache:
        return cache.spent()["m"].most.tokens


def test_a_ceiling_is_a_clean_stop_that_goes_on(tmp_path: pathlib.Path) -> None:
    with serving(echo) as served:
        server = server_at(served.url)
        requests = requests_to(server, 60)
        with pytest.raises(CeilingReachedError, match=r"asking.max_tokens is 1,000.*goes on"):
            fill(tmp_path, server, requests, max_tokens=1000)
        assert 500 < _spent(tmp_path) <= 1000
        done = sum(served.asked.values())
        with pytest.raises(CeilingReachedError):
            fill(tmp_path, server, requests, max_tokens=1000)
        fill(tmp_path, server, requests, max_tokens=10_000)
        assert set(served.asked.values()) == {1} and sum(served.asked.values()) == 60 > done > 10


def test_money(tmp_path: pathlib.Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("m: {input: 1000000, output: 2000000}\n")
    with serving(echo) as served:
        server = server_at(served.url)
        with pytest.raises(CeilingReachedError, match="max_money"):
            fill(tmp_path, server, requests_to(server, 60), prices=str(prices), max_money=1500)
        assert served.prompt_tokens + 2 * served.reply_tokens <= 1500


@pytest.mark.parametrize(
    ("asking", "said"),
    [
        ({"max_tokens": 50}, "max_tokens"),
        ({"max_money": 1e-6}, "max_money"),
        ({"model": "other"}, "no price of 'other'"),
    ],
)
def test_ceilings_and_prices_before_any_work(asking: dict[str, Any], said: str, tmp_path: pathlib.Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("m: {input: 1, output: 2}\n")
    server = server_at("http://localhost:1/v1", model=asking.pop("model", "m"))
    with pytest.raises(ConfigError, match=said):
        Budget(AskingSettings(prices=str(prices), **asking), {}, {}).check(server)


def test_money_without_prices_and_prices_that_are_none(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="needs prices"):
        AskingSettings(max_money=1)
    for text in ("m: 3\n", "m: {input: -1, output: 0}\n", "m: {input: 1}\n"):
        (tmp_path / "prices.yaml").write_text(text)
        with pytest.raises(ConfigError, match=r"prices\.yaml"):
            Budget(AskingSettings(prices=str(tmp_path / "prices.yaml")), {}, {})


def test_images_are_sent_and_named_by_their_hash(tmp_path: pathlib.Path) -> None:
    reads: list[int] = []

    def read() -> tuple[bytes, str]:
        reads.append(1)
        return b"pixels", "image/png"

    with serving(echo) as served:
        server = server_at(served.url)
        request = Request.to(server, (Turn("user", "what is this", (ShownImage(bytes(16), read),)),))
        other = Request.to(server, (Turn("user", "what is this", (ShownImage(bytes([1]) * 16, read),)),))
        assert request.key != other.key and not reads
        fill(tmp_path, server, [request])
        fill(tmp_path, server, [request])
        (body,) = served.bodies
    assert reads == [1]
    assert body["messages"][0]["content"][0]["image_url"]["url"] == "data:image/png;base64,cGl4ZWxz"


def test_an_error_while_requests_are_made_is_raised(tmp_path: pathlib.Path) -> None:
    def requests(server: ServerSettings) -> Iterator[Request]:
        yield from requests_to(server, 2)
        raise EvenweaveError("the rows are gone")

    with serving(echo) as served, pytest.raises(EvenweaveError, match="the rows are gone"):
        fill(tmp_path, server_at(served.url), requests(server_at(served.url)))  # type: ignore[arg-type]
