"""Many requests at once, at most so many under way, until the reply of each is in the cache."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from transforms.errors import EvenweaveError
from transforms.instruct.asking.budget import Budget
from transforms.instruct.asking.cache import ReplyCache
from transforms.instruct.asking.client import SendAgain, ServerError, attempt, open_client
from transforms.instruct.asking.reply import Reply
from transforms.instruct.asking.request import Request, Turn
from transforms.instruct.asking.settings import ServerSettings
from transforms.instruct.asking.spending import Amount
from transforms.keyed import hash64

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_READ_AHEAD = 64  # requests made at once, in a thread beside
_FIRST_WAIT_SECS = 0.5
#: What a server is asked first, to see whether it is there.
HEALTH = "Reply with OK."
_HEALTH_TOKENS = 16


@dataclass
class Asked:
    """What came of a list of requests. ``sent`` counts attempts, ``again`` those that were not the first of theirs."""

    found: int = 0
    answered: int = 0
    sent: int = 0
    again: int = 0
    troubles: Counter[str] = field(default_factory=Counter)


class Asker:
    """Asks one server. Several may share a cache and a budget, one after another."""

    def __init__(self, server: ServerSettings, cache: ReplyCache, budget: Budget) -> None:
        self._server, self._cache, self._budget = server, cache, budget

    def check(self) -> None:
        """One completion: whether there is a server, with this model. Raises ServerError, ConfigError or
        CeilingReachedError, at once: nothing is tried twice."""
        turns = (Turn("user", HEALTH),)
        parameters = self._server.parameters
        request = Request(self._server.model, turns, parameters, _HEALTH_TOKENS, self._server.revision)
        asyncio.run(self._check(request))

    def fill(self, requests: Iterable[Request], told: Callable[[Asked], None] = lambda _: None) -> Asked:
        """Until the cache holds the reply of each. Requests are made as they are needed: a few at a time are held.

        Raises CeilingReachedError where a ceiling stops it, and ServerError where a server does; what was asked by then
        is kept. ``told`` is called after each reply.
        """
        run = _Run(self._server, self._cache, self._budget, iter(requests), told)
        asyncio.run(run.all())
        if run.stopped is not None:
            raise run.stopped
        return run.asked

    async def _check(self, request: Request) -> None:
        most = Amount(request.most_prompt_tokens(self._server.most_image_tokens), request.max_tokens)
        self._budget.reserve(request.model, most)
        async with open_client(self._server) as client:
            outcome = await _counted(client, self._server, request, most, self._cache, self._budget)
        url, model = self._server.base_url, self._server.model
        if isinstance(outcome, SendAgain) and outcome.status:
            raise ServerError(
                f"{url} answers {model} with {outcome.why}. Look at what it logs: some say so of a model that they do "
                "not have."
            )
        if isinstance(outcome, SendAgain):
            raise ServerError(f"{url} does not answer: {outcome.why}. Start the server, or mend base_url.")
        if outcome.state == "refused":
            raise ServerError(f"{url} refuses {model}: {outcome.text}. Look at model and parameters of the server.")


async def _counted(
    client: AsyncOpenAI, server: ServerSettings, request: Request, most: Amount, cache: ReplyCache, budget: Budget
) -> Reply | SendAgain:
    """One attempt, reserved before, with what it cost written down whatever comes of it."""
    number = cache.begin(request.key, request.model, most)
    try:
        outcome = await attempt(client, server, request)
    except ServerError:
        cache.free(number)
        budget.settle(request.model, most, Amount())
        raise
    except BaseException:  # broken off: it may be paid for
        cache.lose(number, request.model, most)
        raise
    if isinstance(outcome, Reply):
        cache.answer(number, request.key, request.model, outcome)
        budget.settle(request.model, most, Amount(outcome.prompt_tokens, outcome.reply_tokens))
    elif outcome.perhaps_paid:
        cache.lose(number, request.model, most)
    else:
        cache.free(number)
        budget.settle(request.model, most, Amount())
    return outcome


class _Run:
    """The workers of one call of fill, in one event loop."""

    def __init__(
        self,
        server: ServerSettings,
        cache: ReplyCache,
        budget: Budget,
        requests: Iterator[Request],
        told: Callable[[Asked], None],
    ) -> None:
        self._server, self._cache, self._budget, self._requests, self._told = server, cache, budget, requests, told
        self._ahead: list[Request] = []
        self._under_way: set[bytes] = set()
        self._not_before = 0.0  # loop time: a server that asks to wait asks all
        self.asked = Asked()
        self.stopped: EvenweaveError | None = None

    async def all(self) -> None:
        self._lock = asyncio.Lock()
        self._stop = asyncio.Event()
        async with open_client(self._server) as client:
            await asyncio.gather(*(self._work(client) for _ in range(self._server.concurrency)))

    async def _work(self, client: AsyncOpenAI) -> None:
        while not self._stop.is_set():
            try:
                request = await self._next()
                if request is None:
                    return
                await self._ask(client, request)
                self._under_way.discard(request.key)
            except EvenweaveError as error:
                self.stopped = self.stopped or error
                self._stop.set()

    async def _next(self) -> Request | None:
        """One that is not in the cache, and that nobody asks just now."""
        async with self._lock:
            while True:
                if not self._ahead:
                    self._ahead = await asyncio.to_thread(lambda: list(itertools.islice(self._requests, _READ_AHEAD)))
                    self._ahead.reverse()
                if not self._ahead:
                    return None
                request = self._ahead.pop()
                if request.key in self._under_way or request.key in self._cache:
                    self.asked.found += 1
                    continue
                self._under_way.add(request.key)
                return request

    async def _ask(self, client: AsyncOpenAI, request: Request) -> None:
        most = Amount(request.most_prompt_tokens(self._server.most_image_tokens), request.max_tokens)
        why = ""
        for number in range(self._server.attempts):
            await self._wait(request, number)
            if self._stop.is_set():
                return
            self._budget.reserve(request.model, most)
            self.asked.sent += 1
            self.asked.again += number > 0
            outcome = await _counted(client, self._server, request, most, self._cache, self._budget)
            if isinstance(outcome, Reply):
                self.asked.answered += 1
                self._told(self.asked)
                return
            why = outcome.why
            self.asked.troubles[why] += 1
            if outcome.after_secs is not None:
                until = asyncio.get_running_loop().time() + outcome.after_secs
                self._not_before = max(self._not_before, until)
        raise ServerError(
            f"{self._server.base_url} did not answer a request in {self._server.attempts} attempts; the last time: "
            f"{why}. What it did answer is kept: run the same command again when it is well."
        )

    async def _wait(self, request: Request, number: int) -> None:
        """Longer each time, and not for all the same, so that they do not come back together."""
        loop = asyncio.get_running_loop()
        until = self._not_before
        if number:
            share = hash64(request.key.hex(), number) / 2**64
            longest = min(_FIRST_WAIT_SECS * 2 ** (number - 1), self._server.longest_wait_secs)
            until = max(until, loop.time() + longest * (0.5 + share / 2))
        while (left := until - loop.time()) > 0 and not self._stop.is_set():
            try:
                await asyncio.wait_for(self._stop.wait(), left)
            except TimeoutError:
                until = max(until, self._not_before)
