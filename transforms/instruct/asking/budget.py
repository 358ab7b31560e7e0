"""Ceilings: nothing is sent that could, at most, cost more than is left."""

from __future__ import annotations

from collections.abc import Mapping

from transforms.errors import ConfigError, EvenweaveError
from transforms.instruct.asking.request import Request
from transforms.instruct.asking.settings import AskingSettings, ServerSettings
from transforms.instruct.asking.spending import Amount, Price, Spent, check_prices, read_prices


class CeilingReachedError(EvenweaveError):
    """A clean stop: what was asked is kept, and with a higher ceiling the same run goes on."""


class Budget:
    """What may still be spent, of the ceilings of all that was ever asked with one cache. Counts what this process has
    under way itself; raised by what others sent when it was made."""

    def __init__(self, settings: AskingSettings, spent: Mapping[str, Spent], under_way: Mapping[str, Amount]) -> None:
        self._settings = settings
        self.prices: dict[str, Price] = {} if settings.prices is None else read_prices(settings.prices)
        most = [(model, one.most) for model, one in spent.items()] + list(under_way.items())
        self._tokens = sum(amount.tokens for _, amount in most)
        self._money = sum(self._cost(model, amount) for model, amount in most)

    def check(self, server: ServerSettings, smallest: Request | None = None) -> None:
        """Before any work; raises ConfigError for a model without a price, and for ceilings below one request."""
        if self._settings.prices is not None:
            check_prices(self._settings.prices, self.prices, server.model)
        prompt = 1 if smallest is None else smallest.most_prompt_tokens(server.most_image_tokens)
        one = Amount(prompt, server.max_tokens)
        most, money = self._settings.max_tokens, self._settings.max_money
        if most is not None and one.tokens > most:
            raise ConfigError(
                f"asking.max_tokens is {most:,}, and one request of {server.model} may take {one.tokens:,}. Raise it, "
                "or lower max_tokens of the server."
            )
        if money is not None and self._cost(server.model, one) > money:
            raise ConfigError(
                f"asking.max_money is {money:g}, and one request of {server.model} may cost "
                f"{self._cost(server.model, one):.6g}. Raise it, or lower max_tokens of the server."
            )

    def reserve(self, model: str, most: Amount) -> None:
        """Raises CeilingReachedError where it could cost more than is left."""
        tokens, money = self._tokens + most.tokens, self._money + self._cost(model, most)
        if self._settings.max_tokens is not None and tokens > self._settings.max_tokens:
            raise CeilingReachedError(_stopped("max_tokens", self._settings.max_tokens, self._tokens, most.tokens))
        if self._settings.max_money is not None and money > self._settings.max_money:
            raise CeilingReachedError(
                _stopped("max_money", self._settings.max_money, self._money, self._cost(model, most))
            )
        self._tokens, self._money = tokens, money

    def settle(self, model: str, most: Amount, spent: Amount) -> None:
        """In the place of what a request may have cost, what it did."""
        self._tokens += spent.tokens - most.tokens
        self._money += self._cost(model, spent) - self._cost(model, most)

    def _cost(self, model: str, amount: Amount) -> float:
        return self.prices[model].of(amount) if model in self.prices else 0.0


def _stopped(setting: str, ceiling: float, spent: float, more: float) -> str:
    return (
        f"asking.{setting} is {ceiling:,.6g}, at most {spent:,.6g} is spent, and the next request may take {more:,.6g}."
        f" What was asked is kept: raise asking.{setting} and run the same command again, it goes on."
    )
