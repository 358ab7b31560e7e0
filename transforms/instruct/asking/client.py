"""One attempt at one request, and what its outcome means: answered, to be sent again, or of no use to be sent again."""

from __future__ import annotations

import email.utils
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transforms.errors import ConfigError, EvenweaveError
from transforms.instruct.asking.reply import Reply, reply_of
from transforms.instruct.asking.request import Request
from transforms.instruct.asking.settings import ServerSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_NO_KEY = "none"  # the client demands one
#: Of a request itself, whatever else is sent: too long, filtered, not to be processed.
_OF_THE_REQUEST = (400, 413, 422)
#: A server that is too busy, or in trouble for a while.
_FOR_A_WHILE = (408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529)
_NOT_DONE = (425, 429, 503)  # which a server says before it does anything
_MOST_SAID = 300  # characters of what a server says, in an error


class ServerError(EvenweaveError):
    """A server that is not there, or will not answer whatever it is asked."""


@dataclass(frozen=True, slots=True)
class SendAgain:
    """``why`` for the user; ``after_secs`` where the server names a time; ``perhaps_paid``: nobody knows whether it was
    worked on; ``status``: what an answer came with, 0 where none came."""

    why: str
    after_secs: float | None = None
    perhaps_paid: bool = True
    status: int = 0


def open_client(server: ServerSettings) -> AsyncOpenAI:
    """Its own retries are off: every attempt is counted here. Raises ConfigError where the key is not set."""
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    key = _NO_KEY
    if server.api_key_env is not None:
        key = os.environ.get(server.api_key_env, "")
        if not key:
            raise ConfigError(f"the environment variable {server.api_key_env} holds no key for {server.base_url}")
    http = DefaultAsyncHttpxClient(limits=_limits(server.concurrency))
    return AsyncOpenAI(
        api_key=key, base_url=server.base_url, max_retries=0, timeout=server.timeout_secs, http_client=http
    )


def _limits(connections: int) -> Any:
    import httpx2

    return httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)


async def attempt(client: AsyncOpenAI, server: ServerSettings, request: Request) -> Reply | SendAgain:
    """Raises ServerError where no request would be answered: no such model, no right to it."""
    import httpx2
    import openai

    try:  # the body is sent as it stands: what the client's typed methods do to it takes twice as long as the rest
        answer = await client.post("/chat/completions", body=request.body(), cast_to=httpx2.Response)
        reply = reply_of(json.loads(answer.text))
    except openai.APIStatusError as error:
        return _refused(error.status_code, error.response.headers, _said(error.body, error.response), server)
    except openai.APITimeoutError:
        return SendAgain(f"no reply within {server.timeout_secs:g} s")
    except openai.APIConnectionError as error:
        return _not_connected(error)
    except ValueError:  # half a body is no JSON
        return SendAgain("half a reply")
    return reply if reply is not None else SendAgain("a reply without a text")


def _not_connected(error: Exception) -> SendAgain:
    import httpx2

    cause = error.__cause__
    never_sent = isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout))
    return SendAgain(f"{type(cause or error).__name__}: {cause or error}"[:_MOST_SAID], perhaps_paid=not never_sent)


def _refused(status: int, headers: Mapping[str, str], said: str, server: ServerSettings) -> Reply | SendAgain:
    if status in _FOR_A_WHILE or status >= 500:
        return SendAgain(f"{status} {said}", retry_after(headers), status not in _NOT_DONE, status)
    if status in _OF_THE_REQUEST:
        return Reply(said, "refused")
    remedy = {401: "Look at its key", 403: "Look at its key", 404: "Look at base_url and model"}.get(status, "")
    raise ServerError(f"{server.base_url} answers {server.model} with {status}: {said}. {remedy}".rstrip())


def _said(body: object, response: Any) -> str:
    if isinstance(body, dict):
        inner = body.get("message") or body.get("error") or body.get("detail") or body
        return str(inner)[:_MOST_SAID]
    return str(body or response.text)[:_MOST_SAID]


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds that a server asks to wait: a number of them, or a date (RFC 9110, section 10.2.3)."""
    if (millis := headers.get("retry-after-ms")) is not None:
        found = _number(millis)
        return None if found is None else found / 1000
    said = headers.get("retry-after")
    if said is None:
        return None
    if (secs := _number(said)) is not None:
        return secs
    try:
        date = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(date.timestamp() - (time.time() if now is None else now), 0.0)


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if 0 <= found < float("inf") else None
