"""What was spent: at least what servers said they counted, at most that and what was lost on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import Field, ValidationError

from transforms.configuration import Settings, read_yaml
from transforms.errors import ConfigError

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Amount:
    """Tokens of requests, and of replies."""

    prompt_tokens: int = 0
    reply_tokens: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.prompt_tokens + other.prompt_tokens, self.reply_tokens + other.reply_tokens)

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.reply_tokens


@dataclass(frozen=True, slots=True)
class Spent:
    """``answered`` requests with the usage that servers named; ``lost`` ones with what they may have cost at most."""

    answered: int = 0
    known: Amount = field(default_factory=Amount)
    lost: int = 0
    perhaps: Amount = field(default_factory=Amount)

    @property
    def most(self) -> Amount:
        return self.known + self.perhaps


class Price(Settings):
    """Of one model."""

    input: float = Field(ge=0, description="money for a million tokens that are sent")
    output: float = Field(ge=0, description="money for a million tokens that come back")

    def of(self, amount: Amount) -> float:
        return (amount.prompt_tokens * self.input + amount.reply_tokens * self.output) / _MILLION


def read_prices(path: str) -> dict[str, Price]:
    """Raises ConfigError where there is no such file, or it holds something else."""
    try:
        return {str(model): Price.model_validate(values) for model, values in read_yaml(path).items()}
    except ValidationError as error:
        raise ConfigError(
            f"{path} is to hold, a model a line, input and output for a million tokens: "
            f"{error.errors()[0]['msg']} ({'.'.join(map(str, error.errors()[0]['loc']))})"
        ) from None


def check_prices(path: str, prices: Mapping[str, Price], model: str) -> None:
    """Raises ConfigError for a model without a price."""
    if model not in prices:
        raise ConfigError(f"{path} has no price of {model!r}; there are {', '.join(sorted(prices)) or 'none'}. Add it.")
