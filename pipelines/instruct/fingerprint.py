"""instruct fingerprint: benchmarks as hashes of their questions and images, for where they themselves may not be."""

from __future__ import annotations

from pydantic import Field
from rich.console import Console
from rich.text import Text

from pipelines.packaged_configs import find_config
from transforms.configuration import Settings, load_settings
from transforms.errors import ConfigError
from transforms.instruct.decontaminating.fingerprints import hand_on
from transforms.instruct.decontaminating.settings import Benchmark, Fingerprinting
from transforms.storage import StoragePath


class FingerprintSettings(Settings):
    """As in the section decontaminate of a mixture."""

    benchmarks: list[Benchmark] = Field(min_length=1, description="the benchmarks that fingerprints are made of")
    text: Fingerprinting = Field(default_factory=Fingerprinting, description="how texts are cut into n-grams")


def run(config: str, output: str, console: Console) -> None:
    """Write OUTPUT/<name>.parquet of each benchmark; raises ConfigError for one that is a fingerprint already."""
    settings = load_settings(find_config(config), FingerprintSettings)
    for benchmark in settings.benchmarks:
        if benchmark.path is None:
            raise ConfigError(f"benchmark {benchmark.name} is a fingerprint already: leave it out, or set its path")
    for benchmark in settings.benchmarks:
        path = StoragePath.of(output) / f"{benchmark.name}.parquet"
        counts = hand_on(benchmark, settings.text, path)
        console.print(Text(f"{path}: {counts.rows_out:,} questions of {benchmark.name}"), soft_wrap=True)
