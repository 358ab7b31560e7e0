"""Prices, and what is assumed of machines that nobody has measured here."""

from __future__ import annotations

from pydantic import Field

from transforms.configuration import Settings

_GB = 1e9


class Prices(Settings):
    """What a unit costs, in one currency, and what the plan takes for granted."""

    currency: str = Field("USD", min_length=1, description="of all prices")
    cpu_hour: float = Field(ge=0, description="one core with its memory, an hour")
    gpu_hour: float = Field(ge=0, description="one GPU, an hour, without the cores beside it")
    gb_shuffled: float = Field(0.0, ge=0, description="a gigabyte that is grouped by key")
    gb_month_stored: float = Field(ge=0, description="a gigabyte at rest, a month")
    read_calls_10k: float = Field(ge=0, description="10,000 calls that read")
    write_calls_10k: float = Field(ge=0, description="10,000 calls that write or list")
    gpu_images_per_sec: float | None = Field(
        None,
        gt=0,
        description="that one GPU encodes; null: as measured here where there is one, else none is planned",
    )
    cores_per_gpu: int = Field(12, ge=1, description="that are paid with each GPU for as long as it is held")
    bytes_per_read_call: int = Field(1 << 20, ge=1, description="that one call brings")
    write_calls_per_file: int = Field(10, ge=1, description="to an object store, for a file that appears whole")


def cost_of_calls(prices: Prices, read_calls: float, write_calls: float) -> float:
    return (read_calls * prices.read_calls_10k + write_calls * prices.write_calls_10k) / 1e4


def cost_of_hours(prices: Prices, cpu_hours: float, gpu_hours: float) -> float:
    return cpu_hours * prices.cpu_hour + gpu_hours * prices.gpu_hour


def cost_of_shuffle(prices: Prices, shuffled_bytes: float) -> float:
    return shuffled_bytes / _GB * prices.gb_shuffled


def cost_of_storage(prices: Prices, stored_bytes: float) -> float:
    """A month."""
    return stored_bytes / _GB * prices.gb_month_stored
