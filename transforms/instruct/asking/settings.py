"""Which servers there are, and what may be spent on them."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from transforms.configuration import NOT_FINGERPRINTED, Settings
from transforms.storage import absolute

#: What a request states itself.
_OWN_PARAMETERS = ("model", "messages", "max_tokens", "max_completion_tokens", "stream", "n")


class ServerSettings(Settings):
    """One model behind a server that speaks OpenAI's chat completions. Where it stands and how fast it is asked changes
    no byte; the model and its parameters do."""

    base_url: str = Field(
        pattern=r"^https?://\S+$",
        description="where it is asked, up to and with /v1",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    model: str = Field(min_length=1, description="its name there")
    revision: str = Field("", description="of the model, where its name does not say: others are asked anew")
    parameters: dict[str, Any] = Field(
        {"temperature": 0.0},
        description="sent with each request as they are: temperature, top_p, seed, and what else the server knows",
    )
    max_tokens: int = Field(
        1024, ge=1, description="tokens of a reply at most; a reply that reaches them is cut, no reply"
    )
    api_key_env: str | None = Field(
        None,
        description="the environment variable that holds the key; null: the server asks for none",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    concurrency: int = Field(
        16, ge=1, le=4096, description="requests under way at once", json_schema_extra=NOT_FINGERPRINTED
    )
    timeout_secs: float = Field(
        120.0, gt=0, description="for a whole reply; after it, it is asked again", json_schema_extra=NOT_FINGERPRINTED
    )
    attempts: int = Field(
        6,
        ge=1,
        le=100,
        description="how often a request is sent before the run stops",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    longest_wait_secs: float = Field(
        60.0,
        gt=0,
        description="between two attempts, at most; a server that names a longer time is obeyed",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    most_image_tokens: int = Field(
        16_384,
        ge=1,
        description="what an image may count at most: for the upper bound of what is spent, before usage is known",
        json_schema_extra=NOT_FINGERPRINTED,
    )

    @field_validator("parameters")
    @classmethod
    def _are_not_ours(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        if own := [name for name in parameters if name in _OWN_PARAMETERS]:
            raise ValueError(f"{own[0]} is set by the program; leave it out (max_tokens is a key of the server)")
        return parameters

    @property
    def by(self) -> str:
        """Who wrote what comes back."""
        return f"{self.model}@{self.revision}" if self.revision else self.model


class AskingSettings(Settings):
    """Where replies are kept, and what may be spent: on all that was ever asked with this cache."""

    cache: str | None = Field(
        None,
        description="a folder on a disk of this machine; null: asked/ in the run folder. What it holds is not asked "
        "again, also by other runs",
    )
    batch: str | None = Field(
        None,
        description="a folder: nothing is sent, requests are written there as OpenAI's batch files, and what lies in "
        "its replies/ is read; null: servers are asked",
    )
    prices: str | None = Field(None, description="a YAML file: model → input and output, money for a million tokens")
    max_tokens: int | None = Field(None, ge=1, description="ceiling on tokens, of requests and replies; null: none")
    max_money: float | None = Field(
        None, gt=0, description="ceiling on money, in the currency of the prices; null: none"
    )

    @field_validator("cache", "prices", "batch")
    @classmethod
    def _from_the_root(cls, path: str | None) -> str | None:
        return None if path is None else absolute(path)

    @model_validator(mode="after")
    def _money_has_prices(self) -> AskingSettings:
        if self.max_money is not None and self.prices is None:
            raise ValueError("max_money needs prices: name the file that says what a million tokens cost")
        return self
