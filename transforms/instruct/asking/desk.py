"""Where a job asks: the cache and the ceilings of one run, and either servers or batch files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Self

from transforms.errors import ConfigError
from transforms.instruct.asking.asker import Asked, Asker
from transforms.instruct.asking.batch_files import RepliesMissingError, read_replies, write_requests
from transforms.instruct.asking.budget import Budget
from transforms.instruct.asking.cache import ReplyCache
from transforms.instruct.asking.request import Request
from transforms.instruct.asking.settings import AskingSettings, ServerSettings
from transforms.storage import StoragePath

#: In a run folder, where no other is named.
CACHE_FOLDER = "asked"
_REPLIES = "replies"  # in the folder of batch files


def cache_folder(settings: AskingSettings, run_folder: StoragePath) -> str:
    """A folder of this machine; raises ConfigError where the run folder is elsewhere and none is named."""
    found = run_folder / CACHE_FOLDER if settings.cache is None else StoragePath.of(settings.cache)
    if "://" in str(found):
        raise ConfigError(f"replies cannot be kept at {found}: name a folder of this machine in asking.cache")
    return str(found)


class Desk:
    """Open while one job asks. ``repeated``: requests that are asked again because their process was killed."""

    def __init__(self, settings: AskingSettings, cache: ReplyCache) -> None:
        self._settings, self.cache = settings, cache
        self._budget = Budget(settings, cache.spent(), cache.under_way())
        self.repeated = cache.repeated

    @classmethod
    def open(cls, settings: AskingSettings, run_folder: StoragePath) -> Desk:
        cache = ReplyCache.open(cache_folder(settings, run_folder))
        try:
            return cls(settings, cache)
        except BaseException:
            cache.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cache.close()

    def check(self, server: ServerSettings) -> None:
        """Before any work: prices, ceilings, and whether the server answers. Raises what says what is wrong."""
        self._budget.check(server)
        if self._settings.batch is None:
            Asker(server, self.cache, self._budget).check()

    def ask(
        self,
        name: str,
        server: ServerSettings,
        requests: Iterable[Request],
        told: Callable[[Asked], None] = lambda _: None,
    ) -> Asked:
        """Until the cache holds the reply of each of ``requests``.

        Raises CeilingReachedError and ServerError as :meth:`Asker.fill` does; with batch files RepliesMissingError,
        once those of ``name`` are written, until all replies were read.
        """
        if self._settings.batch is None:
            return Asker(server, self.cache, self._budget).fill(requests, told)
        folder = StoragePath.of(self._settings.batch)
        kept = sum(read_replies(path, self.cache).kept for path in (folder / _REPLIES).walk() if path.name[0] != ".")
        missing = write_requests(folder, name, requests, self.cache)
        if missing:
            raise RepliesMissingError(
                f"{missing:,} requests of {name} stand in {folder}/{name}-*.jsonl. Have them answered, put the files "
                f"of replies into {folder / _REPLIES}, and run the same command again."
            )
        return Asked(answered=kept)

    def told(self, name: str, asked: Asked) -> str:
        """What ``name`` asked, and what all that was ever asked with this cache has cost, for the terminal."""
        line = f"{name}: {asked.answered:,} asked, {asked.found:,} known, {asked.again:,} sent again"
        if self.repeated:
            line += f", {self.repeated:,} asked twice as the run was killed"
        for model, spent in self.spending().items():
            line += f"\n  {model}: {spent['tokens_at_least']:,} to {spent['tokens_at_most']:,} tokens"
            if "money_at_least" in spent:
                line += f", {spent['money_at_least']:,.4f} to {spent['money_at_most']:,.4f} money"
        return line

    def spending(self) -> dict[str, dict[str, float]]:
        """By model, of all that was ever asked with this cache: requests, tokens and money, at least and at most."""
        found: dict[str, dict[str, float]] = {}
        for model, one in self.cache.spent().items():
            price = self._budget.prices.get(model)
            found[model] = {
                "answered": one.answered,
                "lost": one.lost,
                "tokens_at_least": one.known.tokens,
                "tokens_at_most": one.most.tokens,
            }
            if price is not None:
                found[model] |= {"money_at_least": price.of(one.known), "money_at_most": price.of(one.most)}
        return found
